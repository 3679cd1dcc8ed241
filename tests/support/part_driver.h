// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "online/part/part.h"

namespace freshet::testing {

inline Timestamp at_seconds(std::int64_t seconds) { return timestamp_from_ms(1'600'000'000'000 + seconds * 1000); }

/// A context of these items, a second apart, the last one at `now`.
inline online::Context context_of(std::initializer_list<online::ItemIndex> items, std::int64_t now,
                                  std::uint64_t session_key = 0) {
  online::Context context;
  context.now = at_seconds(now);
  context.session_key = online::OwnerKey{session_key};
  auto time = now - static_cast<std::int64_t>(items.size());
  for (const online::ItemIndex item : items) context.session.push_back({item, at_seconds(++time)});
  return context;
}

/// Lets `part` observe one session, its clicks a second apart from `start` on.
inline void observe_session(online::Part& part, std::uint64_t key, std::initializer_list<online::ItemIndex> items,
                            std::int64_t start, std::uint64_t user_key = 0) {
  online::Context before;
  before.session_key = online::OwnerKey{key};
  for (const online::ItemIndex item : items) {
    before.now = at_seconds(start);
    part.observe(before, {item, 1.0F, at_seconds(start), before.session.empty(), before.session_key,
                          online::OwnerKey{user_key}});
    before.session.push_back({item, at_seconds(start)});
    ++start;
  }
}

inline std::vector<online::Candidate> propose(const online::Scorer& scorer, const online::Context& context,
                                              std::size_t k = 20, const online::AllowedItems* allowed = nullptr) {
  std::unique_ptr<online::Query> query;
  scorer.ask(context, query);
  std::vector<online::Candidate> candidates;
  query->propose(k, allowed, candidates);
  return candidates;
}

inline std::vector<online::ItemIndex> items_of(const std::vector<online::Candidate>& candidates) {
  std::vector<online::ItemIndex> items;
  for (const auto& candidate : candidates) items.push_back(candidate.item);
  return items;
}

/// Rows of all features of `scorer`.
inline std::vector<std::vector<float>> score(const online::Scorer& scorer, const online::Context& context,
                                             const std::vector<online::ItemIndex>& items) {
  const std::size_t width = scorer.features().size();
  std::vector<float> values(items.size() * width, -777.0F);
  std::unique_ptr<online::Query> query;
  scorer.ask(context, query);
  query->write_features(items, {values.data(), width});
  std::vector<std::vector<float>> rows;
  for (std::size_t i = 0; i < items.size(); ++i) {
    rows.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(i * width),
                      values.begin() + static_cast<std::ptrdiff_t>((i + 1) * width));
  }
  return rows;
}

template <typename T>
std::string saved(const T& object) {
  std::string bytes;
  ByteWriter out(bytes);
  object.save(out);
  return bytes;
}

}  // namespace freshet::testing
