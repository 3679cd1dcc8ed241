#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "online/part/context.h"
#include "store/catalogue.h"

namespace freshet::serve {

/// What a list is asked for.
struct ListRequest {
  online::Context context;
  std::size_t k = 20;
  std::set<std::string, std::less<>> exclude;  ///< never recommended
  bool exclude_seen = false;                   ///< leave out what the session has already seen
  bool explain = false;                        ///< per item, which parts proposed it
};

struct NamedCandidate {
  online::ItemIndex item = online::kNoItem;
  std::string name;
};

/// One reason to leave an item out. Adding a filter is adding a class in filter.cc and a line in make_filters().
/// Threads: keep() may be called concurrently.
class Filter {
 public:
  virtual ~Filter() = default;
  virtual std::string_view name() const = 0;  ///< a metric label
  virtual bool keep(const ListRequest& request, const NamedCandidate& candidate) const = 0;
};

/// In the order in which they are asked.
std::vector<std::unique_ptr<Filter>> make_filters(const store::Catalogue& catalogue);

}  // namespace freshet::serve
