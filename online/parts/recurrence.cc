#include "online/parts/recurrence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "online/containers/item_table.h"
#include "online/part/live_part.h"

namespace freshet::online {
namespace {

class Recurrence final : public Scorer {
 public:
  std::string_view name() const override { return "recurrence"; }

  std::span<const std::string_view> features() const override {
    static constexpr std::array<std::string_view, 12> kNames{
        "recency",  "in_session", "times",          "log_seconds_ago", "log_steps_back",   "opened_session",
        "followed", "preceded",   "session_length", "log_pause",       "session_revisits", "last_was_revisit"};
    return kNames;
  }

  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override {
    const std::size_t length = context.session.size();
    const std::size_t begin = out.size();
    for (std::size_t back = 2; back <= length && out.size() - begin < k; ++back) {
      const ItemIndex item = context.session[length - back].item;
      const auto same = [item](const Candidate& c) { return c.item == item; };
      if (item == context.last_item() ||
          std::any_of(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), same)) {
        continue;
      }
      out.push_back({item, 1.0F / static_cast<float>(back)});
    }
  }

  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override {
    thread_local ItemTable table;
    table.clear();
    const Habits habits = habits_of(context);
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      table.find_or_insert(candidates[row], static_cast<std::uint32_t>(row));
      for (std::size_t f = 0; f < kSessionFeatures; ++f) out.at(row, f) = 0.0F;
      out.at(row, kLogStepsBack) = kNeverBack;
      out.at(row, kSessionFeatures) = habits.log_length;
      out.at(row, kSessionFeatures + 1) = habits.log_pause;
      out.at(row, kSessionFeatures + 2) = habits.revisits;
      out.at(row, kSessionFeatures + 3) = habits.last_was_revisit;
    }
    const std::size_t length = context.session.size();
    for (std::size_t back = 1; back <= length; ++back) {
      const Visit& visit = context.session[length - back];
      const std::uint32_t row = table.find(visit.item);
      if (row == ItemTable::kAbsent) continue;
      if (out.at(row, kInSession) == 0.0F) {
        out.at(row, kRecency) = 1.0F / static_cast<float>(back);
        out.at(row, kInSession) = 1.0F;
        out.at(row, kLogSecondsAgo) = log_seconds(context.now - visit.time);
        out.at(row, kLogStepsBack) = std::log2(static_cast<float>(back));
      }
      out.at(row, kTimes) += 1.0F;
      if (back == length) out.at(row, kOpenedSession) = 1.0F;
      if (back == 1) continue;  // the last item itself
      if (back < length && context.session[length - back - 1].item == context.last_item())
        out.at(row, kFollowed) += 1.0F;
      if (context.session[length - back + 1].item == context.last_item()) out.at(row, kPreceded) += 1.0F;
    }
  }

  void observe(const Context&, const Interaction&) {}
  void forget_item(ItemIndex) {}
  void erase(std::uint64_t) {}
  void save(ByteWriter&) const {}
  Result<void> load(ByteReader&) { return {}; }
  std::size_t memory_bytes() const { return sizeof *this; }

 private:
  enum Feature : std::size_t {
    kRecency,
    kInSession,
    kTimes,
    kLogSecondsAgo,
    kLogStepsBack,
    kOpenedSession,
    kFollowed,  // how often it came right after the item that is the last one now
    kPreceded,  // ... right before it
    kSessionFeatures
  };
  static constexpr float kNeverBack = 10.0F;  // log2 of steps back to an item that was not there

  /// What is the same for all candidates.
  struct Habits {
    float log_length = 0, log_pause = 0;
    float revisits = 0;  // share of steps that went back to an earlier item
    float last_was_revisit = 0;
  };

  static Habits habits_of(const Context& context) {
    const auto& session = context.session;
    Habits habits;
    if (session.empty()) return habits;
    thread_local ItemTable seen;
    seen.clear();
    std::size_t revisits = 0;
    for (std::uint32_t at = 0; at < session.size(); ++at) {
      const bool revisit = seen.find_or_insert(session[at].item, at) != at;
      revisits += revisit ? 1 : 0;
      habits.last_was_revisit = revisit ? 1.0F : 0.0F;
    }
    habits.log_length = std::log2(1.0F + static_cast<float>(session.size()));
    habits.log_pause = log_seconds(context.now - session.back().time);
    habits.revisits = static_cast<float>(revisits) / static_cast<float>(session.size());
    return habits;
  }

  static float log_seconds(std::chrono::milliseconds elapsed) {
    return std::log2(1.0F + static_cast<float>(std::max<std::int64_t>(0, elapsed.count())) / 1000.0F);
  }
};

}  // namespace

std::unique_ptr<Part> make_recurrence() {
  return std::make_unique<LivePart<Recurrence>>(std::make_shared<Recurrence>());
}

}  // namespace freshet::online
