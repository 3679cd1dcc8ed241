// The JSON of an item: PUT and POST /v1/items.

#include <cmath>

#include "serve/routing/json.h"
#include "serve/routing/json_parser.h"
#include "tests/fuzz/fuzz.h"

namespace freshet::fuzz {
namespace {

/// Boost.JSON 1.81 reads a number of more than 15 digits to within a few units in the last place.
bool close(double a, double b) { return std::abs(a - b) <= 1e-12 * std::abs(a); }

}  // namespace
}  // namespace freshet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace freshet;
  const auto document = serve::parse_json(fuzz::to_view(data, size));
  if (!document) return 0;
  auto item = serve::item_from_json(*document, "");
  if (!item) return 0;
  const auto again = serve::parse_json(serve::to_text(serve::to_json(*item)));
  FRESHET_CHECK(again.has_value());
  const auto same = serve::item_from_json(*again, item->item);
  FRESHET_CHECK(same && fuzz::close(same->price, item->price) && same->attributes.empty() == item->attributes.empty());
  item->price = same->price;
  item->attributes = same->attributes;
  FRESHET_CHECK(*same == *item);
  return 0;
}
