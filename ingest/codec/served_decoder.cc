// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/served_decoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "ingest/codec/served_encoder.h"

namespace freshet::ingest {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

bool read_name(const element& value, std::string_view field, std::string& out, Fault& fault) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return fail(fault, field, "expected a string");
  if (text.empty()) return fail(fault, field, "must not be empty");
  out = text;
  return check_length(out.size(), kMaxNameBytes, field, fault);
}

bool read_placement(const element& value, std::string& out, Fault& fault) {
  if (!read_name(value, "placement", out, fault)) return false;
  return is_placement(out) || fail(fault, "placement", "expected lower-case letters, digits, '-' and '_'");
}

bool read_items(const element& value, std::vector<ServedList::Entry>& out, Fault& fault) {
  array items;
  if (value.get(items) != simdjson::SUCCESS) return fail(fault, "items", "expected an array");
  out.reserve(std::min(items.size(), kMaxServedItems));
  for (const element item : items) {
    if (out.size() == kMaxServedItems) {
      return fail(fault, "items", "more than " + std::to_string(kMaxServedItems) + " entries");
    }
    if (!read_id(item, "items", out.emplace_back().item, fault)) return false;
  }
  return !out.empty() || fail(fault, "items", "must not be empty");
}

bool read_scores(const element& value, std::vector<ServedList::Entry>& out, Fault& fault) {
  array scores;
  if (value.get(scores) != simdjson::SUCCESS) return fail(fault, "scores", "expected an array");
  std::size_t place = 0;
  for (const element score : scores) {
    double number = 0;
    if (score.get(number) != simdjson::SUCCESS) return fail(fault, "scores", "expected numbers");
    if (place == out.size()) return fail(fault, "scores", "more than there are items");
    const auto rounded = static_cast<float>(std::clamp(number, -1e39, 1e39));
    if (!std::isfinite(rounded)) return fail(fault, "scores", "too large for a 32-bit float");
    out[place++].score = rounded;
  }
  return place == out.size() || fail(fault, "scores", "fewer than there are items");
}

bool read_explored(const element& value, std::vector<ServedList::Entry>& out, Fault& fault) {
  object explored;
  if (value.get(explored) != simdjson::SUCCESS) return fail(fault, "explored", "expected an object");
  std::size_t before = 0;
  for (const auto [name, chance] : explored) {
    std::size_t position = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), position);
    const bool whole = error == std::errc{} && end == name.data() + name.size() && name.front() != '0';
    if (!whole || position <= before || position > out.size()) {
      return fail(fault, "explored", "expected positions of the list, from 1, in rising order");
    }
    before = position;
    double number = 0;
    if (chance.get(number) != simdjson::SUCCESS || !(static_cast<float>(number) > 0 && number <= 1)) {
      return fail(fault, "explored", "expected probabilities above 0 and at most 1");
    }
    out[position - 1].propensity = static_cast<float>(number);
  }
  return true;
}

/// The members in the order in which they are read: items before what is said of them.
enum Member : std::size_t {
  kRequest,
  kTime,
  kUser,
  kSession,
  kPlacement,
  kArm,
  kPolicy,
  kModel,
  kPageOf,
  kItems,
  kScores,
  kExplored,
  kMembers
};
constexpr std::array<std::string_view, kMembers> kNames{"request",   "time",  "user",   "session",
                                                        "placement", "arm",   "policy", "model",
                                                        "page_of",   "items", "scores", "explored"};

using Members = std::array<std::optional<element>, kMembers>;

/// Unknown members are ignored, so that a newer version may write more. Null means absent.
bool find_members(const element& value, Members& found, Fault& fault) {
  object members;
  if (value.get(members) != simdjson::SUCCESS) return fail(fault, kServedMember, "expected an object");
  unsigned seen = 0;
  for (const auto [name, member] : members) {
    const auto known = static_cast<std::size_t>(std::ranges::find(kNames, name) - kNames.begin());
    if (known == kMembers) continue;
    if ((seen >> known & 1U) != 0) return fail(fault, name, "given twice");
    seen |= 1U << known;
    if (!member.is_null()) found[known] = member;
  }
  for (const Member needed : {kRequest, kTime, kItems, kScores}) {
    if (!found[needed]) return fail(fault, kNames[needed], "missing");
  }
  if (!found[kUser] && !found[kSession]) return fail(fault, "user", "missing (and no session)");
  if (found[kUser] && found[kSession]) return fail(fault, "session", "a list is for a user or a session, not both");
  return true;
}

bool read_list(const Members& found, ServedList& list, Fault& fault) {
  if (found[kModel] && found[kModel]->get(list.model) != simdjson::SUCCESS) {
    return fail(fault, "model", "expected an integer from 0");
  }
  return read_id(*found[kRequest], "request", list.request, fault) &&
         (!found[kPageOf] || read_id(*found[kPageOf], "page_of", list.page_of, fault)) &&
         (!found[kPlacement] || read_placement(*found[kPlacement], list.placement, fault)) &&
         (!found[kArm] || read_name(*found[kArm], "arm", list.arm, fault)) &&
         (!found[kPolicy] || read_name(*found[kPolicy], "policy", list.policy, fault)) &&
         read_items(*found[kItems], list.entries, fault) && read_scores(*found[kScores], list.entries, fault) &&
         (!found[kExplored] || read_explored(*found[kExplored], list.entries, fault));
}

}  // namespace

bool read_served_list(const element& value, Event& event, std::optional<Timestamp>& time, Fault& fault) {
  Members found;
  ServedList list;
  if (!find_members(value, found, fault) || !read_time(*found[kTime], "time", time, fault) ||
      (found[kUser] && !read_id(*found[kUser], "user", event.user, fault)) ||
      (found[kSession] && !read_id(*found[kSession], "session", event.session, fault)) ||
      !read_list(found, list, fault)) {
    return false;
  }
  event.kind = EventKind::served;
  event.served = SharedServedList(std::move(list));
  return true;
}

}  // namespace freshet::ingest
