#include "ingest/codec/item_encoder.h"

#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "base/check.h"
#include "base/json_text.h"
#include "ingest/codec/item_fields.h"

namespace freshet::ingest {
namespace {

constexpr std::string_view kItemKey = "$item/";
constexpr std::string_view kPatchKey = "$patch/";

/// Writes the members of one object after another.
class Writer {
 public:
  std::string& out() { return out_; }

  void open() { out_ += '{'; }
  void close() { out_ += '}'; }

  Writer& name(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_text(out_, name);
    out_ += ':';
    return *this;
  }

  void text(std::string_view text) { append_json_text(out_, text); }
  void raw(std::string_view json) { out_ += json; }

  template <typename Number, typename... Format>
  void number(Number number, Format... format) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, format...).ptr;
    out_.append(digits.data(), end);
  }

  template <typename Entries, typename Write>
  void list(const Entries& entries, Write write) {
    out_ += '[';
    for (const auto& entry : entries) {
      if (out_.back() != '[') out_ += ',';
      write(entry);
    }
    out_ += ']';
  }

  void texts(const std::vector<std::string>& texts) {
    list(texts, [this](const std::string& one) { text(one); });
  }

 private:
  std::string out_;
};

void write(Writer& out, const AttributeValue& value) {
  struct {
    Writer& out;
    void operator()(std::monostate) { out.raw("null"); }
    void operator()(const std::string& text) { out.text(text); }
    void operator()(double number) { out.number(number); }
    void operator()(bool truth) { out.raw(truth ? "true" : "false"); }
    void operator()(const std::vector<std::string>& list) { out.texts(list); }
    void operator()(Timestamp time) { out.text(format_rfc3339(time)); }
    void operator()(const JsonText& json) { out.raw(json.text); }
  } visitor{out};
  std::visit(visitor, value);
}

/// Writes the fields that a put has beside the defaults, or that a patch sets.
class FieldWriter {
 public:
  FieldWriter(const ItemChange& change, Writer& out) : change_(change), out_(out) {}

  void write_all();

 private:
  /// The field if it `is_given`; null if a patch resets it.
  template <typename Write>
  void field(ItemField field, std::string_view name, bool is_given, Write write) {
    if (is_given) {
      write(out_.name(name));
    } else if (change_.sets(field)) {
      out_.name(name).raw("null");
    }
  }

  /// Entries with names of their own. Null if a patch removes all earlier ones. It may set others then, but only attributes
  /// that are beside "attributes" in the entry.
  template <typename Entry, typename Write>
  void entries(ItemField field, std::string_view name, const std::vector<Entry>& entries, Write write) {
    if (entries.size() == 1 && entries.front().name.empty()) {  // all attributes of an item of 0.1.0
      return write(out_.name(name), entries.front());
    }
    const bool clears = change_.sets(field);
    if (clears) out_.name(name).raw("null");
    if (entries.empty()) return;
    if (!clears) out_.name(name).open();
    for (const Entry& entry : entries) write(out_.name(entry.name), entry);
    if (!clears) out_.close();
  }

  const ItemChange& change_;
  Writer& out_;
};

void FieldWriter::write_all() {
  const Item& item = change_.item;
  field(ItemField::title, "title", !item.title.empty(), [&](Writer& out) { out.text(item.title); });
  field(ItemField::text, "text", !item.text.empty(), [&](Writer& out) { out.text(item.text); });
  field(ItemField::categories, "categories", !item.categories.empty(),
        [&](Writer& out) { out.texts(item.categories); });
  field(ItemField::price, "price", item.price.has_value(), [&](Writer& out) { out.number(*item.price); });
  field(ItemField::available, "available", !item.available, [](Writer& out) { out.raw("false"); });
  field(ItemField::time, "ts", item.time != Timestamp{}, [&](Writer& out) { out.text(format_rfc3339(item.time)); });
  entries(ItemField::attributes, "attributes", item.attributes,
          [](Writer& out, const Attribute& attribute) { write(out, attribute.value); });
  entries(ItemField::vectors, "vectors", item.vectors, [](Writer& out, const ItemVector& vector) {
    if (vector.values.empty()) return out.raw("null");
    // Nine digits identify a float even if it is parsed as a double.
    out.list(vector.values, [&](float number) { out.number(number, std::chars_format::general, 9); });
  });
  entries(ItemField::relations, "relations", item.relations, [](Writer& out, const ItemRelation& relation) {
    relation.targets.empty() ? out.raw("null") : out.texts(relation.targets);
  });
}

std::string_view name_of(ItemChange::Kind kind) {
  switch (kind) {
    case ItemChange::Kind::put: return "put";
    case ItemChange::Kind::patch: return "patch";
    case ItemChange::Kind::remove: return "delete";
  }
  FRESHET_CHECK(false);
}

/// The name of the one field that the patch sets, "attributes.color" for an entry with a name of its own.
std::string field_of(const ItemChange& patch) {
  const Item& item = patch.item;
  if (!item.attributes.empty()) return "attributes." + item.attributes.front().name;
  if (!item.vectors.empty()) return "vectors." + item.vectors.front().name;
  if (!item.relations.empty()) return "relations." + item.relations.front().name;
  return std::to_string(patch.fields);
}

}  // namespace

std::string encode_item_change(const ItemChange& change) {
  Writer out;
  out.out().reserve(96 + change.item.item.size() + change.item.title.size() + change.item.text.size());
  out.open();
  out.name("type").text(kItemType);
  out.name("op").text(name_of(change.kind));
  out.name("item").text(change.item.item);
  if (change.kind != ItemChange::Kind::remove) {
    out.name("fields").open();
    FieldWriter(change, out).write_all();
    out.close();
  }
  out.close();
  return std::move(out.out());
}

std::string encode_item_entry(const Item& item) {
  Writer out;
  out.open();
  out.name("item").text(item.item);
  const ItemChange put{.kind = ItemChange::Kind::put, .item = item};
  FieldWriter(put, out).write_all();
  out.close();
  return std::move(out.out());
}

std::string state_key(const ItemChange& change) {
  const std::string& item = change.item.item;
  if (change.kind != ItemChange::Kind::patch) {
    return item.starts_with('$') ? std::string(kItemKey).append(item) : item;
  }
  const std::string field = field_of(change);
  return std::string(kPatchKey).append(std::to_string(field.size())).append("/").append(field).append("/").append(item);
}

std::string_view item_of_state_key(std::string_view key) {
  if (key.starts_with(kItemKey)) return key.substr(kItemKey.size());
  return key.starts_with('$') ? std::string_view() : key;
}

std::vector<ItemChange> split_patch(const ItemChange& patch) {
  std::vector<ItemChange> patches;
  const auto add = [&]() -> ItemChange& {
    ItemChange& one = patches.emplace_back(ItemChange{.kind = ItemChange::Kind::patch, .item = {}});
    one.item.item = patch.item.item;
    return one;
  };
  const auto add_field = [&](ItemField field, auto member) {
    if (!patch.sets(field)) return;
    ItemChange& one = add();
    one.set(field);
    one.item.*member = patch.item.*member;
  };
  const auto add_entries = [&](ItemField field, auto member) {
    if (patch.sets(field)) add().set(field);
    for (const auto& entry : patch.item.*member) (add().item.*member).push_back(entry);
  };
  add_field(ItemField::title, &Item::title);
  add_field(ItemField::text, &Item::text);
  add_field(ItemField::categories, &Item::categories);
  add_field(ItemField::price, &Item::price);
  add_field(ItemField::available, &Item::available);
  add_field(ItemField::time, &Item::time);
  add_entries(ItemField::attributes, &Item::attributes);
  add_entries(ItemField::vectors, &Item::vectors);
  add_entries(ItemField::relations, &Item::relations);
  return patches;
}

}  // namespace freshet::ingest
