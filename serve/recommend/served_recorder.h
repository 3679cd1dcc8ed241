// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/event.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/served_list.h"
#include "serve/recommend/list.h"
#include "serve/recommend/recently_served.h"
#include "serve/services.h"

namespace freshet::serve {

/// Whom a list is for, and where it is shown.
struct Audience {
  Owner named;  ///< with the client's id
  Owner owner;  ///< as histories name it: the pseudonym, if these are on
  std::string placement = std::string(ServedList::kDefaultPlacement);
  std::string page_of = {};  ///< of a later page: id of the first one
};

/// Records the lists that users and sessions are served (docs/feedback.md).
/// Threads: all methods may be called concurrently.
class ServedRecorder {
 public:
  explicit ServedRecorder(const Services& services);

  /// Hands the record of a list over to the log, unless the list is not in the share of those that are recorded, or the
  /// owner has events without consent. Never waits. Call it before the answer: the owner's next list then knows of this
  /// one, and an erasure that the client asks for next covers it.
  void record(const Audience& audience, const List& list);

  /// The items that the owner was served within `age`: by what the store has, which follows the log, and by what this
  /// process has just served. Stops after the list with which there are kMaxItems.
  Result<SeenItems> items_since(const Owner& owner, std::chrono::milliseconds age);

  static constexpr std::size_t kMaxItems = 10'000;

  /// Forgets what it holds of the owner itself.
  void erase(const Owner& owner) { recently_.erase(owner); }

 private:
  const Services& services_;
  RecentlyServed recently_;
  Counter &logged_, &sampled_out_, &dropped_, &no_consent_;
};

/// Whether a list is among a share of all: decided by its id, so that anybody can tell.
bool is_in_share(const std::string& request, double share);

}  // namespace freshet::serve
