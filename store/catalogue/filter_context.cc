// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/filter_context.h"

#include <array>
#include <charconv>
#include <string>

#include "store/catalogue/filter_parser.h"

namespace freshet::store {
namespace {

std::string decimal(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

class Values {
 public:
  void add(std::string_view text) { values_.push_back(make_filter_value(text)); }
  void add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) add(text);
  }
  void add(double number) { add(decimal(number)); }
  void add(bool value) { add(std::string_view(value ? "true" : "false")); }
  void add(Timestamp time) { add(format_rfc3339(time)); }
  void add(const std::string& text) { add(std::string_view(text)); }
  void add(std::monostate) {}
  void add(const JsonText&) {}

  std::vector<FilterValue> take() { return std::move(values_); }

 private:
  std::vector<FilterValue> values_;
};

}  // namespace

std::vector<FilterValue> values_of(const Item& item, std::string_view name) {
  Values values;
  FilterComparison named;
  set_filter_attribute(named, name);
  switch (named.field) {
    case FilterField::item: values.add(item.item); break;
    case FilterField::title:
      if (!item.title.empty()) values.add(item.title);
      break;
    case FilterField::text:
      if (!item.text.empty()) values.add(item.text);
      break;
    case FilterField::category: values.add(item.categories); break;
    case FilterField::price:
      if (item.price) values.add(*item.price);
      break;
    case FilterField::available: values.add(item.available); break;
    case FilterField::ts:
      if (to_ms(item.time) != 0) values.add(item.time);
      break;
    case FilterField::attribute:
      for (const Attribute& attribute : item.attributes) {
        if (attribute.name == name) std::visit([&](const auto& value) { values.add(value); }, attribute.value);
      }
      for (const ItemRelation& relation : item.relations) {
        if (relation.name == name) values.add(relation.targets);
      }
  }
  return values.take();
}

}  // namespace freshet::store
