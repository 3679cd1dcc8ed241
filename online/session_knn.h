#pragma once

#include <memory>

#include "online/options.h"
#include "online/part.h"

namespace freshet::online {

/// "session_knn": what recent sessions like this one went on to. VMIS-kNN (Kersbergen, Sprangers and Schelter, "Serenade",
/// SIGMOD 2022) as a streaming index: sessions enter as they happen, the oldest leaves.
/// Cost:  observe(): O(1); a query reads at most max_sessions_per_item sessions for each of the session's last items.
std::unique_ptr<Part> make_session_knn(const SessionKnnOptions& options, std::size_t max_items);

}  // namespace freshet::online
