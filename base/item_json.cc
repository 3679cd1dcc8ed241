// SPDX-License-Identifier: Apache-2.0
#include "base/item_json.h"

#include <string_view>
#include <variant>
#include <vector>

#include "base/json_number.h"
#include "base/json_text.h"

namespace freshet {
namespace {

template <typename Entries, typename Write>
void append_list(std::string& out, const Entries& entries, Write write) {
  out += '[';
  for (const auto& entry : entries) {
    if (out.back() != '[') out += ',';
    write(out, entry);
  }
  out += ']';
}

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  append_list(out, texts, append_json_text);
}

struct ValueWriter {
  std::string& out;

  void operator()(std::monostate) { out += "null"; }
  void operator()(const std::string& text) { append_json_text(out, text); }
  void operator()(double number) { append_json_number(out, number); }
  void operator()(bool truth) { out += truth ? "true" : "false"; }
  void operator()(const std::vector<std::string>& list) { append_texts(out, list); }
  void operator()(Timestamp time) { append_json_text(out, format_rfc3339(time)); }
  void operator()(const JsonText& json) { out += json.text; }
};

class FieldWriter {
 public:
  FieldWriter(std::string& out, const Item& item, std::uint16_t sets) : out_(out), item_(item), sets_(sets) {}

  void write_all();

 private:
  bool sets(ItemField field) const { return (sets_ & static_cast<std::uint16_t>(field)) != 0; }

  std::string& name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_text(out_, name);
    out_ += ':';
    return out_;
  }

  template <typename Write>
  void field(ItemField field, std::string_view name, bool is_given, Write write) {
    if (is_given) {
      write(this->name(name));
    } else if (sets(field)) {
      this->name(name) += "null";
    }
  }

  /// Entries with names of their own. Null if a patch removes all earlier ones. It may set others then, but only
  /// attributes that are beside "attributes" in the entry.
  template <typename Entry, typename Write>
  void entries(ItemField field, std::string_view name, const std::vector<Entry>& entries, Write write) {
    if (entries.size() == 1 && entries.front().name.empty()) {  // all attributes of an item of 0.1.0
      return write(this->name(name), entries.front());
    }
    const bool clears = sets(field);
    if (clears) this->name(name) += "null";
    if (entries.empty()) return;
    if (!clears) this->name(name) += '{';
    for (const Entry& entry : entries) write(this->name(entry.name), entry);
    if (!clears) out_ += '}';
  }

  std::string& out_;
  const Item& item_;
  const std::uint16_t sets_;
};

void FieldWriter::write_all() {
  field(ItemField::title, "title", !item_.title.empty(), [&](std::string& out) { append_json_text(out, item_.title); });
  field(ItemField::text, "text", !item_.text.empty(), [&](std::string& out) { append_json_text(out, item_.text); });
  field(ItemField::categories, "categories", !item_.categories.empty(),
        [&](std::string& out) { append_texts(out, item_.categories); });
  field(ItemField::price, "price", item_.price.has_value(),
        [&](std::string& out) { append_json_number(out, *item_.price); });
  field(ItemField::available, "available", !item_.available, [](std::string& out) { out += "false"; });
  field(ItemField::time, "ts", item_.time != Timestamp{},
        [&](std::string& out) { append_json_text(out, format_rfc3339(item_.time)); });
  entries(ItemField::attributes, "attributes", item_.attributes,
          [](std::string& out, const Attribute& attribute) { std::visit(ValueWriter{out}, attribute.value); });
  entries(ItemField::vectors, "vectors", item_.vectors, [](std::string& out, const ItemVector& vector) {
    if (vector.values.empty()) {
      out += "null";
    } else {
      append_list(out, vector.values, [](std::string& text, float number) { append_json_number(text, number); });
    }
  });
  entries(ItemField::relations, "relations", item_.relations, [](std::string& out, const ItemRelation& relation) {
    relation.targets.empty() ? void(out += "null") : append_texts(out, relation.targets);
  });
}

/// At most how long the JSON of a value is.
struct MostBytes {
  static std::size_t text(std::string_view text) { return 6 * text.size() + 3; }
  static std::size_t texts(const std::vector<std::string>& texts) {
    std::size_t bytes = 2;
    for (const std::string& one : texts) bytes += text(one);
    return bytes;
  }

  std::size_t operator()(const std::string& value) { return text(value); }
  std::size_t operator()(const std::vector<std::string>& list) { return texts(list); }
  std::size_t operator()(const JsonText& json) { return json.text.size(); }
  template <typename Short>
  std::size_t operator()(const Short&) {
    return 32;
  }
};

std::size_t most_json_bytes(const Item& item) {
  std::size_t bytes = 256 + MostBytes::text(item.item) + MostBytes::text(item.title) + MostBytes::text(item.text) +
                      MostBytes::texts(item.categories);
  for (const Attribute& attribute : item.attributes) {
    bytes += MostBytes::text(attribute.name) + 1 + std::visit(MostBytes{}, attribute.value);
  }
  for (const ItemVector& vector : item.vectors) bytes += MostBytes::text(vector.name) + 4 + 16 * vector.values.size();
  for (const ItemRelation& relation : item.relations) {
    bytes += MostBytes::text(relation.name) + 4 + MostBytes::texts(relation.targets);
  }
  return bytes;
}

}  // namespace

void append_item_fields(std::string& out, const Item& item, std::uint16_t sets) {
  FieldWriter(out, item, sets).write_all();
}

std::string item_json(const Item& item, std::uint16_t sets) {
  std::string out = "{\"item\":";
  append_json_text(out, item.item);
  append_item_fields(out, item, sets);
  out += '}';
  return out;
}

Result<void> check_item_limits(const Item& item, std::uint16_t sets) {
  struct Entries {
    const char* field;
    std::size_t count;
  };
  for (const auto& [field, count] : {Entries{"attributes", item.attributes.size()},
                                     {"vectors", item.vectors.size()},
                                     {"relations", item.relations.size()}}) {
    if (count > kMaxAttributes) {
      return Error{Errc::invalid, std::string(field) + ": " + std::to_string(count) + " entries, at most " +
                                      std::to_string(kMaxAttributes)};
    }
  }
  if (most_json_bytes(item) <= kMaxItemJsonBytes) return {};
  const std::size_t bytes = item_json(item, sets).size();
  if (bytes <= kMaxItemJsonBytes) return {};
  return Error{Errc::invalid, "the item's JSON: " + std::to_string(bytes) +
                                  " bytes long without white space and with numbers of lists as texts, at most " +
                                  std::to_string(kMaxItemJsonBytes)};
}

}  // namespace freshet
