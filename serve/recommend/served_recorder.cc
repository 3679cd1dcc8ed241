// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/served_recorder.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace freshet::serve {
namespace {

Counter& lists(Metrics& metrics, const char* result) {
  return metrics.counter("freshet_serve_served_lists_total",
                         "Lists for users and sessions, by what became of their record.", {{"result", result}});
}

ServedList served_list(const Audience& audience, const List& list) {
  ServedList served;
  served.request = list.id;
  served.page_of = audience.page_of;
  served.placement = audience.placement;
  served.model = list.model_version;
  served.entries.reserve(list.items.size());
  for (const List::Entry& entry : list.items) {
    served.entries.push_back(
        {entry.item, rounded_score(entry.score), static_cast<float>(entry.propensity.value_or(1.0))});
  }
  return served;
}

}  // namespace

bool is_in_share(const std::string& request, double share) {
  constexpr std::size_t kDigits = 8;
  std::uint32_t number = 0;  // the ids are random
  std::from_chars(request.data(), request.data() + std::min(kDigits, request.size()), number, 16);
  return number < share * 4294967296.0;
}

ServedRecorder::ServedRecorder(const Services& services)
    : services_(services),
      recently_(services.clock),
      logged_(lists(services.metrics, "logged")),
      sampled_out_(lists(services.metrics, "sampled_out")),
      dropped_(lists(services.metrics, "dropped")),
      no_consent_(lists(services.metrics, "no_consent")) {}

void ServedRecorder::record(const Audience& audience, const List& list) {
  if (list.items.empty()) return;
  const Timestamp now = services_.clock.now();
  const SharedServedList served(served_list(audience, list));
  recently_.add(audience.owner, now, served);
  if (!is_in_share(served->request, services_.served_share)) return sampled_out_.Increment();
  if (!services_.transient.recent(audience.owner, 1).empty()) return no_consent_.Increment();
  services_.lists.write(audience.named, now, served, [&logged = logged_, &dropped = dropped_](bool in_log) {
    (in_log ? logged : dropped).Increment();
  });
}

Result<SeenItems> ServedRecorder::items_since(const Owner& owner, std::chrono::milliseconds age) {
  SeenItems items;
  const auto add = [&](const ServedList& list) {
    for (const auto& entry : list.entries) items.insert(entry.item);
    return items.size() < kMaxItems;
  };
  const Timestamp oldest = services_.clock.now() - age + std::chrono::milliseconds(1);
  recently_.visit_since(owner, oldest, add);
  if (const auto visited = services_.served.visit_since(owner, oldest, add); !visited) return visited.error();
  return items;
}

}  // namespace freshet::serve
