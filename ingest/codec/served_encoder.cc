// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/served_encoder.h"

#include <utility>
#include <vector>

#include "base/json_number.h"
#include "base/json_text.h"

namespace freshet::ingest {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_text(out, text);
}

void append_explored(std::string& out, const std::vector<ServedList::Entry>& entries) {
  bool first = true;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].propensity == 1) continue;
    out.append(std::exchange(first, false) ? ",\"explored\":{\"" : ",\"").append(std::to_string(i + 1)).append("\":");
    append_json_number(out, entries[i].propensity);
  }
  if (!first) out += '}';
}

}  // namespace

std::string encode_served_list(const Event& event) {
  const ServedList& list = *event.served;
  std::string out;
  out.reserve(192 + 24 * list.entries.size());
  out.append("{\"").append(kServedMember).append("\":{\"request\":");
  append_json_text(out, list.request);
  if (to_ms(event.time) >= kFirstTimeInMs) {
    out.append(",\"time\":").append(std::to_string(to_ms(event.time)));
  } else {
    append_member(out, "time", format_rfc3339(event.time));
  }
  append_member(out, event.user.empty() ? "session" : "user", partition_key(event));
  if (list.placement != ServedList::kDefaultPlacement) append_member(out, "placement", list.placement);
  if (!list.arm.empty()) append_member(out, "arm", list.arm);
  append_member(out, "policy", list.policy);
  out.append(",\"model\":").append(std::to_string(list.model));
  if (!list.page_of.empty()) append_member(out, "page_of", list.page_of);
  const char* separator = ",\"items\":[";
  for (const auto& entry : list.entries) {
    out += std::exchange(separator, ",");
    append_json_text(out, entry.item);
  }
  separator = "],\"scores\":[";
  for (const auto& entry : list.entries) {
    out += std::exchange(separator, ",");
    append_json_number(out, entry.score);
  }
  out += ']';
  append_explored(out, list.entries);
  return out += "}}";
}

}  // namespace freshet::ingest
