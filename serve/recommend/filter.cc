// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/filter.h"

#include <algorithm>

namespace freshet::serve {
namespace {

/// Leaves out the item that the session is looking at now.
class CurrentItemFilter final : public Filter {
 public:
  std::string_view name() const override { return "current_item"; }
  bool keep(const ListRequest& request, FilterCandidate& candidate) const override {
    return candidate.item() == online::kNoItem || candidate.item() != request.context.last_item();
  }
};

class SeenFilter final : public Filter {
 public:
  std::string_view name() const override { return "seen"; }
  bool keep(const ListRequest& request, FilterCandidate& candidate) const override {
    if (!request.exclude_seen) return true;
    const auto& session = request.context.session;
    if (std::ranges::find(session, candidate.item(), &online::Visit::item) != session.end()) return false;
    return request.seen.empty() || !request.seen.contains(candidate.name());
  }
};

class EventTypeFilter final : public Filter {
 public:
  std::string_view name() const override { return "exclude_types"; }
  bool keep(const ListRequest& request, FilterCandidate& candidate) const override {
    return request.of_types.empty() || !request.of_types.contains(candidate.name());
  }
};

class ExcludeFilter final : public Filter {
 public:
  std::string_view name() const override { return "exclude"; }
  bool keep(const ListRequest& request, FilterCandidate& candidate) const override {
    return request.exclude.empty() || !request.exclude.contains(candidate.name());
  }
};

class ServedFilter final : public Filter {
 public:
  std::string_view name() const override { return "served"; }
  bool keep(const ListRequest& request, FilterCandidate& candidate) const override {
    return request.served.empty() || !request.served.contains(candidate.name());
  }
};

class AvailabilityFilter final : public Filter {
 public:
  AvailabilityFilter(const store::Catalogue& catalogue, CatalogueRows& rows) : catalogue_(catalogue), rows_(rows) {}
  std::string_view name() const override { return "available"; }
  bool keep(const ListRequest&, FilterCandidate& candidate) const override {
    if (catalogue_.excludes_nothing()) return true;
    const store::CatalogueRow row = row_of(candidate);
    return row == store::kNoRow ? !catalogue_.options().strict : catalogue_.is_available(row);
  }

 private:
  store::CatalogueRow row_of(FilterCandidate& candidate) const {
    if (candidate.item() == online::kNoItem) return candidate.row();
    store::CatalogueRow row = rows_.find(candidate.item(), candidate.epoch());
    if (row != store::kNoRow) return row;
    row = catalogue_.row_of(candidate.name());
    if (row != store::kNoRow) rows_.remember(candidate.item(), candidate.epoch(), row);
    return row;
  }

  const store::Catalogue& catalogue_;
  CatalogueRows& rows_;
};

class SelectionFilter final : public Filter {
 public:
  std::string_view name() const override { return "filter"; }
  bool keep(const ListRequest& request, FilterCandidate& candidate) const override {
    return request.only == nullptr || request.only->contains(candidate.name());
  }
};

}  // namespace

std::vector<std::unique_ptr<Filter>> make_filters(const store::Catalogue& catalogue, CatalogueRows& rows) {
  std::vector<std::unique_ptr<Filter>> filters;
  filters.push_back(std::make_unique<CurrentItemFilter>());
  filters.push_back(std::make_unique<SeenFilter>());
  filters.push_back(std::make_unique<EventTypeFilter>());
  filters.push_back(std::make_unique<ExcludeFilter>());
  filters.push_back(std::make_unique<ServedFilter>());
  filters.push_back(std::make_unique<AvailabilityFilter>(catalogue, rows));
  filters.push_back(std::make_unique<SelectionFilter>());
  return filters;
}

}  // namespace freshet::serve
