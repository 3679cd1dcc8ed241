// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "online/model/vocabulary.h"
#include "serve/recommend/catalogue_rows.h"
#include "serve/recommend/list.h"
#include "store/catalogue.h"

namespace freshet::serve {

/// An item that may come into a list. It is named when that is first asked for, which few candidates are.
class FilterCandidate {
 public:
  /// `epoch`: CatalogueRows::epoch() before. If the number goes to another item later, the epoch is over, and what is
  /// found out about this candidate is not remembered of the other one.
  FilterCandidate(online::ItemIndex item, CatalogueRows::Epoch epoch, const online::Vocabulary& vocabulary)
      : item_(item), epoch_(epoch), vocabulary_(&vocabulary) {}
  /// An item that only the catalogue knows.
  FilterCandidate(std::string name, store::CatalogueRow row) : row_(row), name_(std::move(name)) {}

  online::ItemIndex item() const { return item_; }
  CatalogueRows::Epoch epoch() const { return epoch_; }
  store::CatalogueRow row() const { return row_; }  ///< kNoRow of an item that the model knows

  /// Empty if the vocabulary has dropped the item since it was proposed.
  std::string& name() {
    if (vocabulary_ != nullptr) name_ = std::exchange(vocabulary_, nullptr)->name(item_);
    return name_;
  }

 private:
  online::ItemIndex item_ = online::kNoItem;
  CatalogueRows::Epoch epoch_ = 0;
  store::CatalogueRow row_ = store::kNoRow;
  const online::Vocabulary* vocabulary_ = nullptr;  // null: `name_` is right
  std::string name_;
};

/// The filters, in the order in which they are asked: their places in make_filters().
enum FilterPlace : std::size_t { kCurrentItem, kSeen, kOfType, kExcluded, kServed, kAvailable, kSelected, kFilters };

/// One reason to leave an item out of a list. A new filter is a class in filter.cc, a line in make_filters() and a name
/// in FilterPlace; what it can tell by an item's number, RequestScope tells to the parts.
/// Threads: keep() may be called concurrently.
class Filter {
 public:
  virtual ~Filter() = default;
  virtual std::string_view name() const = 0;  ///< a metric label
  virtual bool keep(const ListRequest& request, FilterCandidate& candidate) const = 0;
};

/// All filters. Both arguments outlive them.
std::vector<std::unique_ptr<Filter>> make_filters(const store::Catalogue& catalogue, CatalogueRows& rows);

}  // namespace freshet::serve
