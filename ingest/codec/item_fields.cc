// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/item_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "base/event.h"
#include "base/item_json.h"
#include "ingest/codec/half_floats.h"
#include "ingest/codec/member_texts.h"

namespace freshet::ingest {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

/// A record has an attribute three levels deep, and readers take 63 levels.
constexpr std::size_t kMaxAttributeDepth = 60;
constexpr std::string_view kNoName = "a name must not be empty";

/// One member of an entry.
struct Member {
  std::string_view name;
  element value;
  std::size_t index = 0;
  MemberTexts* texts = nullptr;

  std::string_view text() const { return texts->at(index); }  ///< the value as it was written
};

bool read_text(const element& value, std::string_view field, std::size_t limit, std::string& out, Fault& fault) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return fail(fault, field, "expected a string");
  out = text;
  return check_length(out.size(), limit, field, fault);
}

/// A number as text: integers as they are, others in their shortest form.
std::optional<std::string> number_text(const element& value) {
  if (value.is_int64()) return std::to_string(value.get_int64().value_unsafe());
  if (value.is_uint64()) return std::to_string(value.get_uint64().value_unsafe());
  if (!value.is_double()) return std::nullopt;
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value.get_double().value_unsafe()).ptr;
  return std::string(digits.data(), end);
}

/// Texts and numbers; nullopt if there is anything else in the list.
std::optional<std::vector<std::string>> texts_of(const array& list) {
  std::vector<std::string> texts;
  for (const element entry : list) {
    std::string_view text;
    if (entry.get(text) == simdjson::SUCCESS) {
      texts.emplace_back(text);
    } else if (auto number = number_text(entry)) {
      texts.push_back(*std::move(number));
    } else {
      return std::nullopt;
    }
  }
  return texts;
}

/// A list of ids, or one.
bool read_texts(const element& value, std::string_view field, std::size_t most, std::vector<std::string>& out,
                Fault& fault) {
  array list;
  std::string one;
  if (value.get(list) == simdjson::SUCCESS) {
    auto texts = texts_of(list);
    if (!texts) return fail(fault, field, "expected an array of strings");
    out = *std::move(texts);
  } else if (read_id(value, field, one, fault)) {
    out.push_back(std::move(one));
  } else {
    return fail(fault, field, "expected an array of strings, or a string");
  }
  if (out.size() > most) {
    return fail(fault, field, std::to_string(out.size()) + " entries, at most " + std::to_string(most));
  }
  return std::ranges::all_of(
      out, [&](const std::string& text) { return check_length(text.size(), kMaxIdBytes, field, fault); });
}

/// The item's id, which may be known already.
bool read_name(const element& value, std::string& name, Fault& fault) {
  std::string id;
  if (!read_id(value, "item", id, fault)) return false;
  if (!name.empty() && name != id) return fail(fault, "item", "\"" + clip(id) + "\" is not \"" + clip(name) + "\"");
  name = std::move(id);
  return true;
}

bool read_number(const element& value, std::string_view field, double& out, Fault& fault) {
  return value.get(out) == simdjson::SUCCESS || fail(fault, field, "expected a number");
}

/// The name of a member that an object within the value has twice.
std::optional<std::string_view> repeated_member(const element& value) {
  array list;
  object members;
  if (value.get(list) == simdjson::SUCCESS) {
    for (const element entry : list) {
      if (const auto repeated = repeated_member(entry)) return repeated;
    }
  } else if (value.get(members) == simdjson::SUCCESS) {
    std::set<std::string_view> seen;
    for (const auto [name, entry] : members) {
      if (!seen.insert(name).second) return name;
      if (const auto repeated = repeated_member(entry)) return repeated;
    }
  }
  return std::nullopt;
}

/// The number; nullopt if there is none, or if it is an integer beyond those that a double holds, one by one.
std::optional<double> exact_number(const element& value) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  if (value.type() == simdjson::dom::element_type::DOUBLE) return value.get_double().value_unsafe();
  std::int64_t integer = 0;
  if (value.get(integer) != simdjson::SUCCESS) return std::nullopt;  // or beyond all that are signed
  const bool exact = integer >= -kMost && integer <= kMost;
  return exact ? std::optional(static_cast<double>(integer)) : std::nullopt;
}

/// How deep arrays and objects are nested in the JSON, which is valid.
std::size_t depth_of(std::string_view json) {
  std::size_t depth = 0, most = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      most = std::max(most, ++depth);
    } else if (!in_string && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return most;
}

/// An entry of "attributes", or a field with a name that freshet does not know.
bool read_attribute(const Member& member, AttributeValue& out, Fault& fault) {
  const std::string_view name = member.name;
  const element& value = member.value;
  std::string_view string;
  array list;
  bool truth = false;
  if (value.get(string) == simdjson::SUCCESS) {
    if (const auto time = string.size() >= 20 ? parse_rfc3339(string) : std::nullopt) {
      out = *time;
    } else {
      out = std::string(string);
    }
    return check_length(string.size(), kMaxAttributeBytes, name, fault);
  }
  if (value.get(truth) == simdjson::SUCCESS) {
    out = truth;
    return true;
  }
  if (const auto number = exact_number(value)) {
    out = *number;
    return true;
  }
  if (value.get(list) == simdjson::SUCCESS) {
    if (auto texts = texts_of(list)) {
      std::size_t bytes = 0;
      for (const std::string& one : *texts) bytes += one.size();
      out = *std::move(texts);
      return check_length(bytes, kMaxAttributeBytes, name, fault);
    }
  }
  if (const auto twice = repeated_member(value)) return fail(fault, clip(*twice), "given twice");
  JsonText json{minified(member.text())};
  const std::size_t bytes = json.text.size(), depth = depth_of(json.text);
  if (depth > kMaxAttributeDepth) {
    return fail(fault, clip(name),
                "nested " + std::to_string(depth) + " deep, at most " + std::to_string(kMaxAttributeDepth));
  }
  out = std::move(json);
  return check_length(bytes, kMaxAttributeBytes, name, fault);
}

/// Visits the members of an object, which is written as `text`. Stops when `visit` returns false.
template <typename Visit>
bool visit_members(const object& members, std::string_view text, Visit visit) {
  MemberTexts texts(text);
  std::size_t index = 0;
  for (const auto [name, value] : members) {
    if (!visit(Member{name, value, index, &texts})) return false;
    ++index;
  }
  return true;
}

/// Reads an entry's fields into a change.
class EntryReader {
 public:
  EntryReader(const VectorDimensions* vectors, ItemChange& change, Fault& fault)
      : vectors_(vectors), change_(change), fault_(fault) {}

  bool read(const object& members, std::string_view text) {
    const bool all = visit_members(members, text, [&](const Member& member) {
      if (!seen_.insert(member.name).second) return fail(fault_, clip(member.name), "given twice");
      return read(member);
    });
    return all && finish();
  }

 private:
  bool patches() const { return change_.kind == ItemChange::Kind::patch; }

  bool read(const Member& member);
  bool add_attribute(const Member& member);
  bool read_attributes(const Member& member);
  bool read_vectors(const Member& member);
  bool read_relations(const Member& member);
  bool read_vector(const Member& member, std::vector<float>& out);
  bool read_numbers(const element& value, const std::string& field, std::vector<float>& out);
  bool finish();

  /// A field of the entry itself. Null leaves the default; a patch sets the field to that.
  template <typename Read>
  bool take(ItemField field, const Member& member, Read read) {
    change_.set(field);
    return member.value.is_null() || read();
  }

  /// A field whose value has entries with names of their own. Null in a patch removes them all.
  template <typename Read>
  bool take_entries(ItemField field, const Member& member, Read read) {
    object entries;
    if (member.value.is_null()) {
      change_.set(field);
      return true;
    }
    if (member.value.get(entries) != simdjson::SUCCESS) return fail(fault_, member.name, "expected an object");
    return visit_members(entries, member.text(), [&](const Member& entry) {
      if (entry.name.empty()) return fail(fault_, member.name, kNoName);
      if (!check_length(entry.name.size(), kMaxAttributeNameBytes, member.name, fault_)) return false;
      return (entry.value.is_null() && !patches()) || read(entry);
    });
  }

  const VectorDimensions* vectors_;
  ItemChange& change_;
  Fault& fault_;
  std::set<std::string_view> seen_;
};

bool EntryReader::read(const Member& member) {
  const std::string_view name = member.name;
  const element& value = member.value;
  Item& item = change_.item;
  if (name == "item") {
    return value.is_null() || read_name(value, item.item, fault_);
  }
  if (name == "title") {
    return take(ItemField::title, member, [&] { return read_text(value, name, kMaxTitleBytes, item.title, fault_); });
  }
  if (name == "text") {
    return take(ItemField::text, member, [&] { return read_text(value, name, kMaxItemTextBytes, item.text, fault_); });
  }
  if (name == "categories") {
    return take(ItemField::categories, member,
                [&] { return read_texts(value, name, kMaxCategories, item.categories, fault_); });
  }
  if (name == "price") {
    return take(ItemField::price, member, [&] { return read_number(value, name, item.price.emplace(), fault_); });
  }
  if (name == "available") {
    return take(ItemField::available, member, [&] {
      return value.get(item.available) == simdjson::SUCCESS || fail(fault_, name, "expected true or false");
    });
  }
  if (name == "ts") {
    return take(ItemField::time, member, [&] {
      std::optional<Timestamp> time;
      if (!read_time(value, name, time, fault_)) return false;
      item.time = *time;
      return true;
    });
  }
  if (name == "attributes") return read_attributes(member);
  if (name == "vectors") return read_vectors(member);
  if (name == "relations") return read_relations(member);
  if (name.empty()) return fail(fault_, "attributes", kNoName);
  if (value.is_null() && !patches()) return true;
  if (!check_length(name.size(), kMaxAttributeNameBytes, clip(name), fault_)) return false;
  return add_attribute(member);
}

bool EntryReader::add_attribute(const Member& member) {
  AttributeValue value;
  if (!member.value.is_null() && !read_attribute(member, value, fault_)) return false;
  change_.item.attributes.push_back({std::string(member.name), std::move(value)});
  return true;
}

bool EntryReader::read_attributes(const Member& member) {
  return take_entries(ItemField::attributes, member, [&](const Member& entry) { return add_attribute(entry); });
}

bool EntryReader::read_vectors(const Member& member) {
  return take_entries(ItemField::vectors, member, [&](const Member& entry) {
    ItemVector vector{std::string(entry.name), {}};
    if (!entry.value.is_null() && !read_vector(entry, vector.values)) return false;
    change_.item.vectors.push_back(std::move(vector));
    return true;
  });
}

bool EntryReader::read_vector(const Member& member, std::vector<float>& out) {
  const std::string field = "vectors." + clip(member.name);
  std::optional<std::size_t> dimension;
  if (vectors_ != nullptr) {
    const auto declared = vectors_->find(std::string(member.name));
    if (declared == vectors_->end()) return fail(fault_, field, "not declared in catalogue.vectors");
    dimension = declared->second;
  }
  if (!read_numbers(member.value, field, out)) return false;
  const std::size_t expected = dimension.value_or(std::min(out.size(), kMaxVectorDimension));
  if (out.size() == expected) return true;
  return fail(fault_, field, std::to_string(out.size()) + " numbers, expected " + std::to_string(expected));
}

/// An array of numbers, or 16-bit floats in Base64.
bool EntryReader::read_numbers(const element& value, const std::string& field, std::vector<float>& out) {
  if (std::string_view text; value.get(text) == simdjson::SUCCESS) {
    auto numbers = unpack_half_floats(text);
    if (!numbers) return fail(fault_, field, "expected an array of numbers, or finite 16-bit floats in Base64");
    out = *std::move(numbers);
    return true;
  }
  array list;
  if (value.get(list) != simdjson::SUCCESS) return fail(fault_, field, "expected an array of numbers");
  out.reserve(list.size());
  for (const element entry : list) {
    double number = 0;
    if (entry.get(number) != simdjson::SUCCESS || !std::isfinite(static_cast<float>(number))) {
      return fail(fault_, field, "expected numbers that 32-bit floats can hold");
    }
    out.push_back(static_cast<float>(number));
  }
  return true;
}

bool EntryReader::read_relations(const Member& member) {
  return take_entries(ItemField::relations, member, [&](const Member& entry) {
    ItemRelation relation{std::string(entry.name), {}};
    const std::string field = "relations." + clip(entry.name);
    if (!entry.value.is_null() && !read_texts(entry.value, field, kMaxRelationTargets, relation.targets, fault_)) {
      return false;
    }
    std::ranges::sort(relation.targets);
    const auto rest = std::ranges::unique(relation.targets);
    relation.targets.erase(rest.begin(), rest.end());
    // In a put an empty list says nothing.
    if (patches() || !relation.targets.empty()) change_.item.relations.push_back(std::move(relation));
    return true;
  });
}

/// Sorts entries by name. Refuses those that are there twice.
template <typename Entry>
bool sort_by_name(std::vector<Entry>& entries, std::string_view field, Fault& fault) {
  std::ranges::sort(entries, {}, &Entry::name);
  const auto twice = std::ranges::adjacent_find(entries, {}, &Entry::name);
  return twice == entries.end() || fail(fault, std::string(field) + "." + clip(twice->name), "given twice");
}

bool EntryReader::finish() {
  Item& item = change_.item;
  if (!patches()) change_.fields = 0;
  if (!sort_by_name(item.attributes, "attributes", fault_) || !sort_by_name(item.vectors, "vectors", fault_) ||
      !sort_by_name(item.relations, "relations", fault_)) {
    return false;
  }
  const auto limits = check_item_limits(item, change_.fields);
  if (!limits) fault_ = limits.error().message;
  return limits.has_value();
}

bool need_name(const ItemChange& change, Fault& fault) {
  return !change.item.item.empty() || fail(fault, "item", "missing");
}

std::optional<ItemChange::Kind> kind_of(std::string_view operation) {
  if (operation == "put") return ItemChange::Kind::put;
  if (operation == "patch") return ItemChange::Kind::patch;
  if (operation == "delete") return ItemChange::Kind::remove;
  return std::nullopt;
}

}  // namespace

bool read_item_fields(const object& members, std::string_view text, const VectorDimensions* vectors, ItemChange& change,
                      Fault& fault) {
  return EntryReader(vectors, change, fault).read(members, text) && need_name(change, fault);
}

bool read_item_record(const object& members, std::string_view text, const VectorDimensions* vectors, ItemChange& change,
                      Fault& fault) {
  std::set<std::string_view> seen;
  std::string_view operation;
  std::optional<std::pair<object, std::string_view>> fields;
  const bool all = visit_members(members, text, [&](const Member& member) {
    const std::string_view name = member.name;
    const element& value = member.value;
    if (!seen.insert(name).second) return fail(fault, clip(name), "given twice");
    if (name == "op") return value.get(operation) == simdjson::SUCCESS || fail(fault, name, "expected a string");
    if (name == "item") return read_name(value, change.item.item, fault);
    if (name != "fields") return true;
    object entry;
    if (value.get(entry) != simdjson::SUCCESS) return fail(fault, name, "expected an object");
    fields.emplace(entry, member.text());
    return true;
  });
  if (!all || !need_name(change, fault)) return false;
  const auto kind = kind_of(operation);
  if (!kind) return fail(fault, "op", "expected \"put\", \"patch\" or \"delete\"");
  change.kind = *kind;
  if (*kind == ItemChange::Kind::remove || !fields) return true;
  return read_item_fields(fields->first, fields->second, vectors, change, fault);
}

}  // namespace freshet::ingest
