#include "serve/recommend/filter.h"

#include <algorithm>

namespace freshet::serve {
namespace {

/// Leaves out the item that the session is looking at now.
class CurrentItemFilter final : public Filter {
 public:
  std::string_view name() const override { return "current_item"; }
  bool keep(const ListRequest& request, const NamedCandidate& candidate) const override {
    return candidate.item != request.context.last_item();
  }
};

class SeenFilter final : public Filter {
 public:
  std::string_view name() const override { return "seen"; }
  bool keep(const ListRequest& request, const NamedCandidate& candidate) const override {
    return !request.exclude_seen || std::ranges::find(request.context.session, candidate.item, &online::Visit::item) ==
                                        request.context.session.end();
  }
};

class ExcludeFilter final : public Filter {
 public:
  std::string_view name() const override { return "exclude"; }
  bool keep(const ListRequest& request, const NamedCandidate& candidate) const override {
    return !request.exclude.contains(candidate.name);
  }
};

class AvailabilityFilter final : public Filter {
 public:
  explicit AvailabilityFilter(const store::Catalogue& catalogue) : catalogue_(catalogue) {}
  std::string_view name() const override { return "available"; }
  bool keep(const ListRequest&, const NamedCandidate& candidate) const override {
    return catalogue_.is_available(candidate.name);
  }

 private:
  const store::Catalogue& catalogue_;
};

}  // namespace

std::vector<std::unique_ptr<Filter>> make_filters(const store::Catalogue& catalogue) {
  std::vector<std::unique_ptr<Filter>> filters;
  filters.push_back(std::make_unique<CurrentItemFilter>());
  filters.push_back(std::make_unique<SeenFilter>());
  filters.push_back(std::make_unique<ExcludeFilter>());
  filters.push_back(std::make_unique<AvailabilityFilter>(catalogue));
  return filters;
}

}  // namespace freshet::serve
