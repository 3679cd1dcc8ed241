// SPDX-License-Identifier: Apache-2.0
#include "online/parts/user_history.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/saved_time.h"
#include "online/containers/item_table.h"
#include "online/part/live_part.h"
#include "online/part/top_k.h"
#include "online/parts/hours.h"

namespace freshet::online {
namespace {

constexpr float kNever = 20.0F;  // log2 of hours since the last visit, if there was none

enum Feature : std::size_t { kOwn, kLogCount, kLogHoursAgo, kShare, kLogItems, kFeatures };

}  // namespace

class UserHistoryIndex::History final : public Query {
 public:
  void ask(const UserHistoryIndex& index, const Context& context) {
    last_item_ = context.last_item();
    now_ = context.now;
    index.find(context, entries_);
  }

  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override {
    candidates_.clear();
    for (const Entry& entry : entries_) {
      if (entry.item != last_item_) candidates_.push_back({entry.item, own_score(entry, now_)});
    }
    keep_allowed(allowed, candidates_);
    keep_best(candidates_, k);
    out.insert(out.end(), candidates_.begin(), candidates_.end());
  }

  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override {
    place_of_.clear();
    float total = 1.0F;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      place_of_.find_or_insert(entries_[i].item, static_cast<std::uint32_t>(i));
      total += entries_[i].count;
    }
    const float log_items = std::log2(1.0F + static_cast<float>(entries_.size()));
    for (std::size_t row = 0; row < items.size(); ++row) {
      const std::uint32_t at = place_of_.find(items[row]);
      const bool known = at != ItemTable::kAbsent;
      out.at(row, kOwn) = known ? own_score(entries_[at], now_) : 0.0F;
      out.at(row, kLogCount) = known ? std::log2(1.0F + entries_[at].count) : 0.0F;
      out.at(row, kLogHoursAgo) = known ? log_hours(now_ - entries_[at].last) : kNever;
      out.at(row, kShare) = known ? entries_[at].count / total : 0.0F;
      out.at(row, kLogItems) = log_items;
    }
  }

 private:
  ItemIndex last_item_ = kNoItem;
  Timestamp now_{};
  Entries entries_;

  // buffers
  std::vector<Candidate> candidates_;
  ItemTable place_of_;  // item -> index into entries_
};

UserHistoryIndex::UserHistoryIndex(const UserHistoryOptions& options, std::size_t max_items)
    : options_(options), max_items_(max_items), users_(options.max_users) {}

std::span<const std::string_view> UserHistoryIndex::features() const {
  static constexpr std::array<std::string_view, kFeatures> kNames{"own", "log_count", "log_hours_ago", "share",
                                                                  "log_items"};
  return kNames;
}

float UserHistoryIndex::own_score(const Entry& entry, Timestamp now) {
  return entry.count / (2.0F + log_hours(now - entry.last));
}

void UserHistoryIndex::add(Entries& entries, ItemIndex item, Timestamp time) {
  const auto entry = std::ranges::find(entries, item, &Entry::item);
  if (entry == entries.end()) {
    entries.push_back({item, 1.0F, time});
    return;
  }
  entry->count += 1.0F;
  entry->last = std::max(entry->last, time);
  std::rotate(entry, entry + 1, entries.end());
}

void UserHistoryIndex::find(const Context& context, Entries& entries) const {
  if (users_.read(who(context), [&](const Entries& known) { entries.assign(known.begin(), known.end()); })) return;
  entries.clear();
  for (const Visit& visit : context.session) add(entries, visit.item, visit.time);
}

void UserHistoryIndex::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<History>(query).ask(*this, context);
}

void UserHistoryIndex::leave(const Entries& entries) {
  for (const Entry& entry : entries) holders_.remove(entry.item);
}

void UserHistoryIndex::observe(const Context&, const Interaction& event) {
  const auto slot = users_.claim(who(event), [this](const Entries& entries) { leave(entries); }).slot;
  const Entries& entries = users_.at(slot);
  const bool is_new = std::ranges::find(entries, event.item, &Entry::item) == entries.end();
  const bool full = is_new && entries.size() >= options_.max_items_per_user;
  if (is_new) holders_.add(event.item);
  if (full) holders_.remove(entries.front().item);
  users_.change(slot, [&](Entries& changed) {
    if (full) changed.erase(changed.begin());
    add(changed, event.item, event.time);
  });
}

void UserHistoryIndex::forget_item(ItemIndex item) {
  if (holders_.of(item) == 0) return;
  const auto is_of_item = [item](const Entry& entry) { return entry.item == item; };
  users_.change_matching([&](const Entries& entries) { return std::ranges::any_of(entries, is_of_item); },
                         [&](Entries& entries) { std::erase_if(entries, is_of_item); });
  holders_.clear(item);
}

void UserHistoryIndex::erase(OwnerKey key) {
  users_.erase(key, [this](const Entries& entries) { leave(entries); });
}

void UserHistoryIndex::save(ByteWriter& out) const {
  users_.save(out, [&](const Entries& entries) {
    out.varint(entries.size());
    for (const Entry& entry : entries) {
      out.fixed(entry.item);
      out.fixed(entry.count);
      out.fixed(to_ms(entry.last));
    }
  });
}

Result<void> UserHistoryIndex::load(ByteReader& in) {
  const bool loaded = users_.load(in, [&](OwnerKey key, Entries& entries) {
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > options_.max_items_per_user || (key == kNobody && count > 0)) return false;
    for (std::uint64_t i = 0; i < count; ++i) {
      Entry entry;
      entry.item = in.fixed<ItemIndex>();
      entry.count = in.fixed<float>();
      entry.last = timestamp_from_ms(read_time_ms(in));
      if (!in.ok() || entry.item >= max_items_) return false;
      holders_.add(entry.item);
      entries.push_back(entry);
    }
    return true;
  });
  return loaded ? Result<void>{} : not_a_saved_state(kUserHistory.name);
}

std::size_t UserHistoryIndex::memory_bytes() const {
  return users_.memory_bytes([](const Entries& entries) { return entries.capacity() * sizeof(Entry); }) +
         holders_.memory_bytes();
}

std::unique_ptr<Part> make_user_history(const UserHistoryOptions& options, std::size_t max_items) {
  return std::make_unique<LivePart<UserHistoryIndex>>(std::make_shared<UserHistoryIndex>(options, max_items));
}

std::vector<Option<UserHistoryOptions>> UserHistoryOptions::describe() {
  return {
      option::integer("max_users", &UserHistoryOptions::max_users, {1, 100 * option::kMillion},
                      "Largest number of users whose past is known. Beyond it the least recently active is forgotten."),
      option::integer("max_items_per_user", &UserHistoryOptions::max_items_per_user, {1, 10'000},
                      "Newest items kept of a user's past."),
  };
}

constinit const PartKind kUserHistory{
    .name = "user_history",
    .about = "what this user has visited, how often and how long ago",
    .on_by_default = true,
    .describe = describe_part<UserHistoryOptions>,
    .make =
        [](PartContext& context) {
          return make_user_history(context.options.part<UserHistoryOptions>(), context.options.max_items);
        },
};

}  // namespace freshet::online
