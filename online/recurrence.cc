#include "online/recurrence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "online/item_table.h"
#include "online/live_part.h"

namespace freshet::online {
namespace {

class Recurrence final : public Scorer {
 public:
  std::string_view name() const override { return "recurrence"; }

  std::span<const std::string_view> features() const override {
    static constexpr std::array<std::string_view, 6> kNames{"recency",         "in_session",     "times",
                                                            "log_seconds_ago", "session_length", "log_pause"};
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
    const std::size_t length = context.session.size();
    const float log_length = std::log2(1.0F + static_cast<float>(length));
    const float log_pause = length == 0 ? 0.0F : log_seconds(context.now - context.session.back().time);
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      table.find_or_insert(candidates[row], static_cast<std::uint32_t>(row));
      for (std::size_t f = 0; f < 4; ++f) out.at(row, f) = 0.0F;
      out.at(row, 4) = log_length;
      out.at(row, 5) = log_pause;
    }
    for (std::size_t back = 1; back <= length; ++back) {
      const Visit& visit = context.session[length - back];
      const std::uint32_t row = table.find(visit.item);
      if (row == ItemTable::kAbsent) continue;
      if (out.at(row, 1) == 0.0F) {
        out.at(row, 0) = 1.0F / static_cast<float>(back);
        out.at(row, 1) = 1.0F;
        out.at(row, 3) = log_seconds(context.now - visit.time);
      }
      out.at(row, 2) += 1.0F;
    }
  }

  void observe(const Context&, const Interaction&) {}
  void forget_item(ItemIndex) {}
  void erase(std::uint64_t) {}
  void save(ByteWriter&) const {}
  Result<void> load(ByteReader&) { return {}; }
  std::size_t memory_bytes() const { return sizeof *this; }

 private:
  static float log_seconds(std::chrono::milliseconds elapsed) {
    return std::log2(1.0F + static_cast<float>(std::max<std::int64_t>(0, elapsed.count())) / 1000.0F);
  }
};

}  // namespace

std::unique_ptr<Part> make_recurrence() {
  return std::make_unique<LivePart<Recurrence>>(std::make_shared<Recurrence>());
}

}  // namespace freshet::online
