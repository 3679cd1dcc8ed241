// SPDX-License-Identifier: Apache-2.0
#include "store/served_options.h"

namespace freshet::store {

std::vector<Option<ServedOptions>> ServedOptions::describe() {
  using namespace std::chrono_literals;
  return {
      option::number(
          "share", &ServedOptions::share, {0, 1},
          "Share of the lists for users and sessions that are recorded in the event log, chosen by the id of "
          "the list. 0: none."),
      option::duration("max_age", &ServedOptions::max_age, {0h, 24h * 36500},
                       "Recorded lists are dropped when they are older than the newest event by more than this. 0s: "
                       "never. Whole hours."),
      option::integer("max_lists_per_owner", &ServedOptions::max_lists_per_owner, {1, 100'000},
                      "Newest recorded lists kept per user and per session."),
  };
}

}  // namespace freshet::store
