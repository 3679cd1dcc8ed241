#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "serve/recommend/list.h"
#include "serve/services.h"

namespace freshet::serve {

/// Turns a request into a list, in four stages: context (the session), sources (the parts of the model propose
/// candidates), scoring (the parts' features, blended) and selection (best first, of the items that the filters keep).
/// The learner ranks with the same functions in its test-then-train.
/// Threads: all methods may be called concurrently.
/// Errors:  unavailable or corrupt if the histories cannot be read.
/// Cost:    at most one history seek (none if the history is cached), then some hundred candidates.
class Recommender {
 public:
  explicit Recommender(const Services& services);
  ~Recommender();

  /// The owner's current session. If it is over, the last one: a returning user is not treated as a new one.
  Result<online::Context> context_of(const Owner& owner) const;

  /// A session given by the caller, oldest first. Unknown items are ignored.
  online::Context context_of(const std::vector<std::string>& items) const;

  /// At most request.k items. Popular items if the context is empty.
  List recommend(const ListRequest& request) const;

  /// Each of `items` exactly once, best first. Items unknown to the model come last, in the given order.
  List rank(const online::Context& context, const std::vector<std::string>& items) const;

  /// At most request.k items, the most popular first.
  List popular(const ListRequest& request) const;

  /// What the stages consist of, in the order in which they are asked.
  struct Components {
    std::vector<std::string> sources;
    std::vector<std::string> filters;
  };
  Components components() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::serve
