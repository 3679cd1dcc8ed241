// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/catalogue_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/item_json.h"
#include "base/suggestion.h"
#include "cli/streams/csv.h"
#include "cli/streams/record_lines.h"
#include "ingest/codec/item_decoder.h"

namespace freshet::cli {
namespace {

constexpr std::size_t kComplaints = 5;
constexpr std::size_t kMostDigits = 15;  // a longer number is a name: a double would not hold it
constexpr std::array kPrefixes{"attribute:", "relation:", "vector:"};
const std::vector<std::string> kNames{"item", "title", "text", "categories", "price", "available", "time", "-"};

Error invalid(std::string message) { return {Errc::invalid, std::move(message)}; }

std::vector<std::string> split_at(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::optional<double> number_in(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<Timestamp> time_in(const std::string& text) {
  const auto number = number_in(text);
  return number ? parse_time_number(*number) : parse_rfc3339(text);
}

Error bad_value(const std::string& column, const std::string& value, const char* expected) {
  return invalid(column + ": \"" + value.substr(0, 40) + "\" is not " + expected);
}

AttributeValue attribute_in(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  const auto number = text.size() <= kMostDigits ? number_in(text) : std::nullopt;
  if (number) return *number;
  auto parts = split_at(text, "|");
  if (parts.size() > 1) return parts;
  return text;
}

Result<void> set_vector(Item& item, const std::string& name, const std::string& text) {
  ItemVector vector{name, {}};
  for (const std::string& part : split_at(text, "|, ")) {
    const auto number = number_in(part);
    if (!number || !std::isfinite(static_cast<float>(*number))) {
      return bad_value("vector:" + name, part, "a number that a 32-bit float can hold");
    }
    vector.values.push_back(static_cast<float>(*number));
  }
  if (!vector.values.empty()) item.vectors.push_back(std::move(vector));
  return {};
}

/// Sets one field from its column; an empty text leaves it unset.
Result<void> set_field(Item& item, const std::string& column, std::string text) {
  if (text.empty() || column == "-") return {};
  if (column == "item") {
    item.item = std::move(text);
  } else if (column == "title") {
    item.title = std::move(text);
  } else if (column == "text") {
    item.text = std::move(text);
  } else if (column == "categories") {
    item.categories = split_at(text, "|");
  } else if (column == "price") {
    item.price = number_in(text);
    if (!item.price) return bad_value(column, text, "a number");
  } else if (column == "available") {
    if (text != "true" && text != "false") return bad_value(column, text, "true or false");
    item.available = text == "true";
  } else if (column == "time") {
    const auto time = time_in(text);
    if (!time) return bad_value(column, text, "a time");
    item.time = *time;
  } else {
    const std::size_t colon = column.find(':');
    const std::string name = column.substr(colon + 1);
    if (column.starts_with("vector:")) return set_vector(item, name, text);
    if (column.starts_with("relation:")) {
      item.relations.push_back({name, split_at(text, "|")});
    } else {
      item.attributes.push_back({name, attribute_in(text)});
    }
  }
  return {};
}

bool is_column(const std::string& name) {
  return std::ranges::count(kNames, name) > 0 || std::ranges::any_of(kPrefixes, [&](std::string_view prefix) {
           return name.starts_with(prefix) && name.size() > prefix.size();
         });
}

Result<std::vector<std::string>> check_columns(std::vector<std::string> columns) {
  for (const std::string& name : columns) {
    if (!is_column(name)) {
      const std::string close = nearest(name, kNames);
      return invalid("\"" + name + "\" is not a column of items" +
                     (close.empty() ? "" : "; did you mean \"" + close + "\"?") +
                     " (item, title, text, categories, price, available, time, attribute:NAME, relation:NAME, "
                     "vector:NAME, or - to skip)");
    }
    if (name != "-" && std::ranges::count(columns, name) > 1) return invalid("\"" + name + "\" is named twice");
  }
  if (std::ranges::count(columns, "item") == 0) return invalid("the column \"item\" is missing");
  return columns;
}

/// Names in a header that are none of ours are attributes.
Result<std::vector<std::string>> columns_of_header(std::vector<std::string> names) {
  for (std::string& name : names) {
    if (name.empty()) name = "-";
    if (!is_column(name)) name.insert(0, "attribute:");
  }
  return check_columns(std::move(names));
}

/// The item of a TSV or CSV record, as JSON.
Result<std::string> json_of(std::vector<std::string> fields, const std::vector<std::string>& columns) {
  if (fields.size() < columns.size()) {
    return invalid(std::to_string(fields.size()) + " columns, expected " + std::to_string(columns.size()));
  }
  Item item;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (auto set = set_field(item, columns[i], std::move(fields[i])); !set) return set.error();
  }
  if (item.item.empty()) return invalid("item: empty");
  return item_json(item);
}

Result<void> check_dimensions(const Item& item, ingest::VectorDimensions& dimensions) {
  for (const ItemVector& vector : item.vectors) {
    const std::size_t expected = dimensions.try_emplace(vector.name, vector.values.size()).first->second;
    if (vector.values.size() != expected) {
      return invalid("vectors." + vector.name + ": " + std::to_string(vector.values.size()) + " numbers, expected " +
                     std::to_string(expected));
    }
  }
  return {};
}

/// The item of a record, which is judged as the service judges it.
Result<Item> item_in(const RecordLines& lines, std::string_view record, const std::vector<std::string>& columns,
                     ingest::ItemDecoder& decoder) {
  std::string made;
  if (lines.shape() != RecordLines::Shape::json_lines) {
    auto fields = lines.split(record);
    auto json = fields ? json_of(*std::move(fields), columns) : Result<std::string>(fields.error());
    if (!json) return json.error();
    made = *std::move(json);
    record = made;
  }
  auto change = decoder.decode_entry(record, ItemChange::Kind::put, "");
  if (!change) return change.error();
  return std::move(change->item);
}

}  // namespace

std::string CatalogueFile::why_none() const {
  if (skipped > 0) return "no items: every line was skipped, " + std::to_string(skipped) + " in all";
  return "no items: the file is empty";
}

Result<CatalogueFile> read_catalogue(const std::string& path, const std::string& names, Dimensions dimensions) {
  std::vector<std::string> columns;
  if (!names.empty()) {
    auto checked = check_columns(split_names(names));
    if (!checked) return invalid("--item-columns: " + checked.error().message);
    columns = *std::move(checked);
  }
  auto lines = RecordLines::open(path);
  if (!lines) return lines.error();
  ingest::ItemDecoder decoder(std::nullopt);
  ingest::VectorDimensions first_dimensions;
  CatalogueFile file;
  while (true) {
    const auto record = lines->next();
    if (!record) return record.error();
    if (!*record) return file;
    if (columns.empty() && lines->shape() != RecordLines::Shape::json_lines) {
      auto fields = lines->split(**record);
      auto named = fields ? columns_of_header(*std::move(fields)) : fields;
      if (!named) return invalid(lines->in_line("the header: " + named.error().message));
      columns = *std::move(named);
      continue;
    }
    auto item = item_in(*lines, **record, columns, decoder);
    const auto judged = !item                             ? Result<void>(item.error())
                        : dimensions == Dimensions::alike ? check_dimensions(*item, first_dimensions)
                                                          : Result<void>();
    if (judged) {
      file.items.push_back(*std::move(item));
    } else {
      ++file.skipped;
      if (file.complaints.size() < kComplaints) file.complaints.push_back(lines->in_line(judged.error().message));
    }
  }
}

}  // namespace freshet::cli
