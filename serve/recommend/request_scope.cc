// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/request_scope.h"

namespace freshet::serve {

void RequestScope::begin(const ListRequest& request, const online::Vocabulary& vocabulary, const CatalogueRows& rows) {
  rows_ = &rows;
  epoch_ = rows.epoch();
  selection_ = request.only.get();
  left_out_.clear();
  for (const std::string& item : request.exclude) leave_out(vocabulary.find(item), kExcluded);
  if (request.exclude_seen) {
    for (const online::Visit& visit : request.context.session) leave_out(visit.item, kSeen);
    for (const std::string& item : request.seen) leave_out(vocabulary.find(item), kSeen);
  }
  for (const std::string& item : request.of_types) leave_out(vocabulary.find(item), kOfType);
  for (const std::string& item : request.served) leave_out(vocabulary.find(item), kServed);
  limits_ = selection_ != nullptr || left_out_.size() > 0 || rows.excludes_any();
  passed_over_.fill(0);
  few_known_ = selection_ != nullptr && selection_->estimate() <= kFew;
  if (few_known_) find_few(vocabulary);
}

void RequestScope::find_few(const online::Vocabulary& vocabulary) {
  few_.clear();
  selection_->enumerate([&](std::string_view name) {
    const online::ItemIndex item = vocabulary.find(name);
    if (item != online::kNoItem && allows(item)) few_.push_back(item);
    return true;
  });
}

bool RequestScope::allows(online::ItemIndex item) const {
  FilterPlace filter = kAvailable;
  if (!rows_->excludes(item, epoch_)) {
    const std::uint32_t left_out = left_out_.size() == 0 ? online::ItemTable::kAbsent : left_out_.find(item);
    if (left_out != online::ItemTable::kAbsent) {
      filter = static_cast<FilterPlace>(left_out);
    } else if (selection_ == nullptr || selection_->allows(item)) {
      return true;
    } else {
      filter = kSelected;
    }
  }
  ++passed_over_[filter];
  return false;
}

void RequestScope::count(StageMetrics& metrics) const {
  for (std::size_t filter = 0; filter < passed_over_.size(); ++filter) metrics.removed(filter, passed_over_[filter]);
}

}  // namespace freshet::serve
