#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "serve/recommend/list.h"
#include "store/catalogue.h"

namespace freshet::serve {

/// A candidate with its name, which only candidates near the top of the ranking get.
struct NamedCandidate {
  online::ItemIndex item = online::kNoItem;
  std::string name;
};

/// One reason to leave an item out of a list. A new filter is a class in filter.cc and a line in make_filters().
/// Threads: keep() may be called concurrently.
class Filter {
 public:
  virtual ~Filter() = default;
  virtual std::string_view name() const = 0;  ///< a metric label
  virtual bool keep(const ListRequest& request, const NamedCandidate& candidate) const = 0;
};

/// All filters, in the order in which they are asked. `catalogue` outlives them.
std::vector<std::unique_ptr<Filter>> make_filters(const store::Catalogue& catalogue);

}  // namespace freshet::serve
