// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "online/containers/item_table.h"
#include "online/model/vocabulary.h"
#include "online/part/allowed_items.h"
#include "serve/recommend/catalogue_rows.h"
#include "serve/recommend/filter.h"
#include "serve/recommend/list.h"
#include "serve/recommend/stage_metrics.h"

namespace freshet::serve {

/// What the filters (filter.h) allow in one list, by item number: what parts are asked within. It knows of an item what
/// can be told without its name, so a list still asks the filters about the few items that get so far.
/// Threads: one. Keep one per thread and reuse it for every request: once warm, nothing is allocated.
/// Cost:    begin(): a look-up per item that the request excludes, and per item of a small selection.
class RequestScope final : public online::AllowedItems {
 public:
  /// Begins with a request. All arguments outlive the list.
  void begin(const ListRequest& request, const online::Vocabulary& vocabulary, const CatalogueRows& rows);

  /// What to ask parts within: null if everything is allowed.
  const online::AllowedItems* allowed() const { return limits_ ? this : nullptr; }

  bool allows(online::ItemIndex item) const override;

  /// Of a selection of at most kFew items: those that the model knows and the filters allow.
  const std::vector<online::ItemIndex>* all() const override { return few_known_ ? &few_ : nullptr; }

  static constexpr std::size_t kFew = 2048;

  /// Counts what was passed over since begin().
  void count(StageMetrics& metrics) const;

 private:
  void find_few(const online::Vocabulary& vocabulary);
  void leave_out(online::ItemIndex item, FilterPlace filter) {
    if (item != online::kNoItem) left_out_.find_or_insert(item, static_cast<std::uint32_t>(filter));
  }

  const CatalogueRows* rows_ = nullptr;
  CatalogueRows::Epoch epoch_ = 0;
  const ItemSelection* selection_ = nullptr;
  bool limits_ = false;
  bool few_known_ = false;
  std::vector<online::ItemIndex> few_;  // if few_known_
  online::ItemTable left_out_;          // item -> FilterPlace
  mutable std::array<std::size_t, kFilters> passed_over_{};
};

}  // namespace freshet::serve
