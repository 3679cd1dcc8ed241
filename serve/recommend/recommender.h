#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "serve/recommend/filter.h"
#include "serve/services.h"

namespace freshet::serve {

/// An answer: items, best first, and where they come from.
struct List {
  struct Entry {
    std::string item;
    float score = 0;
    std::vector<std::pair<std::string, float>> parts;  ///< explain only: who proposed it, with that part's own score
  };
  std::vector<Entry> items;
  std::vector<std::string> parts;  ///< that proposed something in the list, in the order of the model
  std::string source;              ///< "blend", or the only part asked
  std::uint64_t model_version = 0;
  std::int64_t model_age_ms = 0;
};

/// A request as a fixed sequence of stages: context -> candidate sources (the model's parts) -> scoring (the parts'
/// features, the blender) -> selection, best first, of what the filters let through. The same ranking functions as the
/// learner's test-then-train.
/// Threads: all methods may be called concurrently.
/// Errors:  unavailable or corrupt if the histories cannot be read.
/// Cost:    one history seek; then some hundred candidates.
class Recommender {
 public:
  explicit Recommender(const Services& services);
  ~Recommender();

  /// The owner's current session; if it is over, their last one, so that a returning user is not a stranger.
  Result<online::Context> context_of(const Owner& owner) const;

  /// A session given by the caller, oldest first; unknown items are skipped.
  online::Context context_of(const std::vector<std::string>& items) const;

  /// At most request.k items. Without any context: what is popular now.
  List recommend(const ListRequest& request) const;

  /// Every one of `items` once, best first, by the model as it is now; items that the model does not know come last, in
  /// the order given.
  List rank(const online::Context& context, const std::vector<std::string>& items) const;

  /// What is popular now.
  List popular(const ListRequest& request) const;

  /// Names of sources and filters, in order, for /v1/status.
  std::vector<std::pair<std::string, std::vector<std::string>>> components() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::serve
