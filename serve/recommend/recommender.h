// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "serve/recommend/exploration.h"
#include "serve/recommend/list.h"
#include "serve/services.h"
#include "store/catalogue/filter.h"
#include "store/catalogue/filter_work.h"

namespace freshet::serve {

/// Turns a request into a list, in four stages: context (the session), sources (the parts of the model propose
/// candidates), scoring (the parts' features, blended) and selection (best first, of the items that the filters keep).
/// The learner ranks with the same functions in its test-then-train.
/// Threads: all methods may be called concurrently.
/// Errors:  unavailable or corrupt if the histories cannot be read.
/// Cost:    a look-up of the session's history and one of the user's newest events (a seek each unless they are cached),
///          then some hundred candidates.
class Recommender {
 public:
  static constexpr std::size_t kMaxFilterDepth = store::kMaxFilterDepth;  ///< of a filter expression as JSON

  explicit Recommender(const Services& services, ExplorationOptions exploration = {});
  ~Recommender();

  /// The owner's current session, as the learner knows it: that of the newest event of a user. If it is over, the last
  /// one: a returning user is not treated as a new one.
  Result<online::Context> context_of(const Owner& owner) const;

  /// A session given by the caller, oldest first, judged as a stored one. Who had it does not matter.
  online::Context context_of(std::vector<Event> session) const;

  /// The items of a session that is happening now, oldest first.
  online::Context context_of(const std::vector<std::string>& items) const;

  /// Visits the owner's newest kMaxSeenEvents events, and as many of the session that a user is in. An event that
  /// belongs to both comes twice.
  Result<void> visit_events(const Owner& owner, const std::function<void(const Event&)>& visit) const;

  /// The items that a filter expression matches. It holds the catalogue still, so let it go after the list. `about`: the item
  /// that the list is about, if any, for context.NAME; empty if there is none. `most_work`: what the filter may cost the list,
  /// as store::FilterWork counts it; ask the selection afterwards whether it was enough.
  /// Errors: invalid, with the place in the text; unavailable or corrupt if the item cannot be read.
  Result<std::shared_ptr<const ItemSelection>> selection(std::string_view filter, std::string_view about = {},
                                                         std::uint64_t most_work = store::FilterWork::kUnlimited) const;

  /// A ListRequest::seed for a list that may have to be made twice.
  std::uint64_t new_seed() const;

  /// At most request.k items, fewer only if there are fewer that the filters keep. Popular items if the context is empty.
  List recommend(const ListRequest& request) const;

  /// Each of `items` exactly once, best first. Items unknown to the model come last, in the given order. `content` and
  /// `values` as in ListRequest.
  List rank(const online::Context& context, const std::vector<std::string>& items, std::optional<double> content = {},
            const std::optional<online::Values>& values = {}) const;

  /// The same, the most popular first.
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
