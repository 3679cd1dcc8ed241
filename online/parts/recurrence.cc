// SPDX-License-Identifier: Apache-2.0
#include "online/parts/recurrence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "online/containers/item_table.h"
#include "online/part/live_part.h"

namespace freshet::online {
namespace {

constexpr float kNeverBack = 10.0F;  // log2 of steps back, for an item outside the session

enum Feature : std::size_t {
  kRecency,
  kInSession,
  kTimes,
  kLogSecondsAgo,
  kLogStepsBack,
  kOpenedSession,
  kFollowed,       // times that it came right after the current last item
  kPreceded,       // ... right before it
  kSessionLength,  // from here on features of the session: the same for all items
  kLogPause,
  kSessionRevisits,
  kLastWasRevisit,
  kFeatures
};

float log_seconds(std::chrono::milliseconds elapsed) {
  return std::log2(1.0F + static_cast<float>(std::max<std::int64_t>(0, elapsed.count())) / 1000.0F);
}

class Revisits final : public Query {
 public:
  void ask(const Context& context) { context_ = &context; }

  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override {
    const auto& session = context_->session;
    const std::size_t begin = out.size();
    for (std::size_t back = 2; back <= session.size() && out.size() - begin < k; ++back) {
      const ItemIndex item = session[session.size() - back].item;
      const auto same = [item](const Candidate& c) { return c.item == item; };
      if (item == context_->last_item() || (allowed != nullptr && !allowed->allows(item)) ||
          std::any_of(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), same)) {
        continue;
      }
      out.push_back({item, 1.0F / static_cast<float>(back)});
    }
  }

  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override {
    row_of_.clear();
    const Habits habits = find_habits();
    for (std::size_t row = 0; row < items.size(); ++row) {
      row_of_.find_or_insert(items[row], static_cast<std::uint32_t>(row));
      for (std::size_t feature = 0; feature < kSessionLength; ++feature) out.at(row, feature) = 0.0F;
      out.at(row, kLogStepsBack) = kNeverBack;
      out.at(row, kSessionLength) = habits.log_length;
      out.at(row, kLogPause) = habits.log_pause;
      out.at(row, kSessionRevisits) = habits.revisits;
      out.at(row, kLastWasRevisit) = habits.last_was_revisit;
    }
    const std::size_t length = context_->session.size();
    for (std::size_t back = 1; back <= length; ++back) {
      const Visit& visit = context_->session[length - back];
      const std::uint32_t row = row_of_.find(visit.item);
      if (row == ItemTable::kAbsent) continue;
      if (out.at(row, kInSession) == 0.0F) {
        out.at(row, kRecency) = 1.0F / static_cast<float>(back);
        out.at(row, kInSession) = 1.0F;
        out.at(row, kLogSecondsAgo) = log_seconds(context_->now - visit.time);
        out.at(row, kLogStepsBack) = std::log2(static_cast<float>(back));
      }
      out.at(row, kTimes) += 1.0F;
      if (back == length) out.at(row, kOpenedSession) = 1.0F;
      if (back == 1) continue;  // the last item itself
      if (back < length && context_->session[length - back - 1].item == context_->last_item()) {
        out.at(row, kFollowed) += 1.0F;
      }
      if (context_->session[length - back + 1].item == context_->last_item()) out.at(row, kPreceded) += 1.0F;
    }
  }

 private:
  struct Habits {
    float log_length = 0, log_pause = 0;
    float revisits = 0;  // share of visits that went back to an earlier item
    float last_was_revisit = 0;
  };

  Habits find_habits() {
    const auto& session = context_->session;
    Habits habits;
    if (session.empty()) return habits;
    seen_.clear();
    std::size_t revisits = 0;
    for (std::uint32_t at = 0; at < session.size(); ++at) {
      const bool revisit = seen_.find_or_insert(session[at].item, at) != at;
      revisits += revisit ? 1 : 0;
      habits.last_was_revisit = revisit ? 1.0F : 0.0F;
    }
    habits.log_length = std::log2(1.0F + static_cast<float>(session.size()));
    habits.log_pause = log_seconds(context_->now - session.back().time);
    habits.revisits = static_cast<float>(revisits) / static_cast<float>(session.size());
    return habits;
  }

  const Context* context_ = nullptr;

  // buffers
  ItemTable row_of_, seen_;  // by item
};

class Recurrence final : public Scorer {
 public:
  std::string_view name() const override { return kRecurrence.name; }

  std::span<const std::string_view> features() const override {
    static constexpr std::array<std::string_view, kFeatures> kNames{
        "recency",  "in_session", "times",          "log_seconds_ago", "log_steps_back",   "opened_session",
        "followed", "preceded",   "session_length", "log_pause",       "session_revisits", "last_was_revisit"};
    return kNames;
  }

  void ask(const Context& context, std::unique_ptr<Query>& query) const override {
    reuse<Revisits>(query).ask(context);
  }

  void observe(const Context&, const Interaction&) {}
  void forget_item(ItemIndex) {}
  void erase(OwnerKey) {}
  void save(ByteWriter&) const {}
  Result<void> load(ByteReader&) { return {}; }
  std::size_t memory_bytes() const { return sizeof *this; }
};

}  // namespace

std::unique_ptr<Part> make_recurrence() {
  return std::make_unique<LivePart<Recurrence>>(std::make_shared<Recurrence>());
}

constinit const PartKind kRecurrence{
    .name = "recurrence",
    .about = "items that the session has already seen, to go back to",
    .on_by_default = true,
    .make = [](PartContext&) { return make_recurrence(); },
};

}  // namespace freshet::online
