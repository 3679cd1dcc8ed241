#include "online/recurrence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "online/item_map.h"

namespace freshet::online {
namespace {

constexpr std::array<std::string_view, 6> kFeatures{"own",   "in_session", "times",
                                                    "since", "length",     "pause"};

class Recurrence final : public Part, public Scorer {
 public:
  std::string_view name() const override { return "recurrence"; }
  std::span<const std::string_view> features() const override { return kFeatures; }

  /// Earlier items of the session, newest first.
  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override {
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (std::size_t i = context.session.size(); i-- > 0 && out.size() < static_cast<std::size_t>(first) + k;) {
      const ItemIndex item = context.session[i].item;
      const bool listed = std::any_of(out.begin() + first, out.end(),
                                      [&](const Candidate& candidate) { return candidate.item == item; });
      if (item != context.last_item() && !listed) out.push_back({item, own_score(context.session.size() - i)});
    }
  }

  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override {
    struct Seen {
      std::size_t steps_back = 0;
      float times = 0;
      Timestamp last{};
    };
    thread_local ItemMap map;
    thread_local std::vector<Seen> seen;
    map.clear();
    seen.clear();
    for (std::size_t i = context.session.size(); i-- > 0;) {
      const std::uint32_t slot = map.insert(context.session[i].item);
      if (slot == seen.size()) seen.push_back({context.session.size() - i, 0, context.session[i].time});
      seen[slot].times += 1;
    }
    const auto log_seconds = [&](Timestamp from) {
      return std::log1p(static_cast<float>(std::max<std::int64_t>(0, to_ms(context.now) - to_ms(from))) / 1000.0F);
    };
    const float length = std::log1p(static_cast<float>(context.session.size()));
    const float pause = context.session.empty() ? 0.0F : log_seconds(context.session.back().time);
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      const std::uint32_t slot = map.find(candidates[row]);
      const bool known = slot != ItemMap::kAbsent;
      out.at(row, 0) = known ? own_score(seen[slot].steps_back) : 0.0F;
      out.at(row, 1) = known ? 1.0F : 0.0F;
      out.at(row, 2) = known ? std::log1p(seen[slot].times) : 0.0F;
      out.at(row, 3) = known ? log_seconds(seen[slot].last) : 0.0F;
      out.at(row, 4) = length;
      out.at(row, 5) = pause;
    }
  }

  const Scorer& live() const override { return *this; }
  std::shared_ptr<const Scorer> publish() override { return {std::shared_ptr<const Scorer>(), this}; }
  void observe(const Context&, const Interaction&) override {}
  void forget_item(ItemIndex) override {}
  void erase(std::uint64_t) override {}
  void save(ByteWriter&) const override {}
  Result<void> load(ByteReader&) override { return {}; }
  std::size_t memory_bytes() const override { return 0; }

 private:
  static float own_score(std::size_t steps_back) { return 1.0F / static_cast<float>(steps_back); }
};

}  // namespace

std::unique_ptr<Part> make_recurrence() { return std::make_unique<Recurrence>(); }

}  // namespace freshet::online
