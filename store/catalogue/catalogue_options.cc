#include "store/catalogue/catalogue_options.h"

namespace freshet::store {

std::vector<Option<CatalogueOptions>> CatalogueOptions::describe() {
  using option::kMillion;
  return {
      option::flag("strict", &CatalogueOptions::strict,
                   "Recommend only items of the catalogue. Otherwise items of events are recommended too, unless they "
                   "are removed; a removed one comes back with its next event."),
      option::integer("max_items", &CatalogueOptions::max_items, {1, 100 * kMillion},
                      "Items in the catalogue, and removed items that are remembered. Beyond it, new ones are left out "
                      "and counted (freshet_ingest_item_changes_total)."),
  };
}

}  // namespace freshet::store
