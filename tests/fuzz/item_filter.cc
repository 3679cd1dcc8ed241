// SPDX-License-Identifier: Apache-2.0
// Filters, as text and as JSON: whatever is accepted can be asked about items, in each way with the same answer.

#include "store/catalogue/filter.h"

#include "tests/fuzz/fuzz.h"
#include "tests/support/item_columns.h"

namespace freshet::fuzz {
namespace {

testing::ItemColumns some_items() {
  testing::ItemColumns items;
  for (int i = 0; i < 20; ++i) {
    Item item = testing::item_named("i" + std::to_string(i));
    item.title = "Title";
    item.categories = {"a/b", "c > d"};
    item.price = i;
    item.available = i % 2 == 0;
    item.time = timestamp_from_ms(1'700'000'000'000 + i);
    item.attributes = {{"b", i % 3 == 0 ? AttributeValue(1.0 * i) : AttributeValue(std::string("apple"))},
                       {"l", std::vector<std::string>{"x", std::to_string(i)}}};
    items.put(item);
  }
  items.remove("i7");
  return items;
}

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  static const testing::ItemColumns items = fuzz::some_items();
  const auto filter = store::parse_filter(fuzz::to_view(data, size));
  if (!filter) {
    FRESHET_CHECK(filter.error().code == Errc::invalid && !filter.error().message.empty());
    return 0;
  }
  const store::FilterContext strict{.item = &items.at(3), .strict = true};
  (void)store::BoundFilter::bind(*filter, items.columns(), items, strict);
  const auto bound = store::BoundFilter::bind(*filter, items.columns(), items, {.item = &items.at(3)});
  FRESHET_CHECK(bound.has_value());
  std::size_t matching = 0;
  for (const auto& [name, row] : items.rows()) matching += bound->matches(row) ? 1 : 0;
  FRESHET_CHECK(bound->estimate() >= matching);
  const auto visit = [&](store::CatalogueRow row) { FRESHET_CHECK(bound->matches(row)); };
  FRESHET_CHECK(bound->enumerate(store::BoundFilter::kAll, visit) == matching);
  (void)bound->matches_unknown("i7");
  return 0;
}
