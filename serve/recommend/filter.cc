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

class ExcludeFilter final : public Filter {
 public:
  std::string_view name() const override { return "exclude"; }
  bool keep(const ListRequest& request, FilterCandidate& candidate) const override {
    return request.exclude.empty() || !request.exclude.contains(candidate.name());
  }
};

class AvailabilityFilter final : public Filter {
 public:
  AvailabilityFilter(const store::Catalogue& catalogue, UnavailableItems& unavailable)
      : catalogue_(catalogue), unavailable_(unavailable) {}
  std::string_view name() const override { return "available"; }
  bool keep(const ListRequest&, FilterCandidate& candidate) const override {
    const bool known = candidate.item() != online::kNoItem;
    if (known && unavailable_.remembers(candidate.item(), candidate.epoch())) return false;
    if (catalogue_.is_available(candidate.name())) return true;
    if (known) unavailable_.remember(candidate.item(), candidate.epoch());
    return false;
  }

 private:
  const store::Catalogue& catalogue_;
  UnavailableItems& unavailable_;
};

}  // namespace

std::vector<std::unique_ptr<Filter>> make_filters(const store::Catalogue& catalogue, UnavailableItems& unavailable) {
  std::vector<std::unique_ptr<Filter>> filters;
  filters.push_back(std::make_unique<CurrentItemFilter>());
  filters.push_back(std::make_unique<SeenFilter>());
  filters.push_back(std::make_unique<ExcludeFilter>());
  filters.push_back(std::make_unique<AvailabilityFilter>(catalogue, unavailable));
  return filters;
}

}  // namespace freshet::serve
