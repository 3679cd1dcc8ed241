#include "online/covisitation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <string>

#include "online/item_map.h"
#include "online/paged.h"

namespace freshet::online {
namespace {

constexpr std::size_t kMaxSpeeds = 4;      // half-lives, the undecayed count included
constexpr std::size_t kLocks = 64;
constexpr std::size_t kSourcesRead = 5;    // newest items of the session whose rows are read
constexpr double kDistanceDiscount = 0.5;  // own score: each step back in the session counts for half

using Counts = std::array<float, kMaxSpeeds>;

/// Decayed counts as of `time_ms`.
struct Cell {
  Counts counts{};
  std::int64_t time_ms = 0;
};

struct Neighbour {
  ItemIndex item = kNoItem;
  Cell cell;
};

struct Row {
  Cell total;  // over all that followed, also those no longer kept
  std::vector<Neighbour> neighbours;
};

/// Features of one candidate, gathered over the rows of the session's items.
struct Gathered {
  float own = 0;
  Counts last_counts{};
  Counts last_shares{};
  float second_share = 0;
  float older_share = 0;
  float recency_hours = kNever;

  static constexpr float kNever = 24 * 365 * 10;
};

class Covisitation final : public Part, public Scorer {
 public:
  Covisitation(const CovisitationOptions& options, std::size_t max_items)
      : options_(options), max_items_(max_items), rows_(max_items) {
    for (const double hours : options.half_life_hours) half_lives_ms_.push_back(hours * 3'600'000.0);
    speeds_ = half_lives_ms_.size() + 1;  // the last one never decays
    feature_texts_ = {"own"};
    for (std::size_t speed = 0; speed < speeds_; ++speed) {
      feature_texts_.push_back("last_count_" + std::to_string(speed));
      feature_texts_.push_back("last_share_" + std::to_string(speed));
    }
    for (const char* text : {"second_share", "older_share", "recency"}) feature_texts_.emplace_back(text);
    feature_names_.assign(feature_texts_.begin(), feature_texts_.end());
  }

  std::string_view name() const override { return "covisitation"; }
  std::span<const std::string_view> features() const override { return feature_names_; }

  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override {
    thread_local ItemMap map;
    thread_local std::vector<Gathered> gathered;
    map.clear();
    gathered.clear();
    gather(context, [&](ItemIndex item) -> Gathered* {
      const std::uint32_t slot = map.insert(item);
      if (slot == gathered.size()) gathered.emplace_back();
      return &gathered[slot];
    });
    const auto first = static_cast<std::ptrdiff_t>(out.size());
    for (std::size_t slot = 0; slot < gathered.size(); ++slot) {
      if (map.keys()[slot] != context.last_item()) out.push_back({map.keys()[slot], own_score(gathered[slot])});
    }
    const auto better = [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.item < b.item;
    };
    const auto count = static_cast<std::ptrdiff_t>(std::min(k, out.size() - static_cast<std::size_t>(first)));
    std::partial_sort(out.begin() + first, out.begin() + first + count, out.end(), better);
    out.resize(static_cast<std::size_t>(first + count));
  }

  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override {
    thread_local ItemMap map;
    thread_local std::vector<Gathered> gathered;
    map.clear();
    for (const ItemIndex item : candidates) map.insert(item);
    gathered.assign(map.size(), {});
    gather(context, [&](ItemIndex item) -> Gathered* {
      const std::uint32_t slot = map.find(item);
      return slot == ItemMap::kAbsent ? nullptr : &gathered[slot];
    });
    for (std::size_t row = 0; row < candidates.size(); ++row) {
      const Gathered& values = gathered[map.find(candidates[row])];
      std::size_t feature = 0;
      out.at(row, feature++) = own_score(values);
      for (std::size_t speed = 0; speed < speeds_; ++speed) {
        out.at(row, feature++) = std::log1p(values.last_counts[speed]);
        out.at(row, feature++) = log_share(values.last_shares[speed]);
      }
      out.at(row, feature++) = log_share(values.second_share);
      out.at(row, feature++) = log_share(values.older_share);
      out.at(row, feature++) = std::log1p(values.recency_hours);
    }
  }

  const Scorer& live() const override { return *this; }
  std::shared_ptr<const Scorer> publish() override { return {std::shared_ptr<const Scorer>(), this}; }

  void observe(const Context& before, const Interaction& event) override {
    rows_.grow(std::max<std::size_t>(rows_.size(), event.item + std::size_t{1}));
    const std::size_t links = std::min(options_.window, before.session.size());
    for (std::size_t distance = 1; distance <= links; ++distance) {
      const ItemIndex from = before.session[before.session.size() - distance].item;
      if (from == event.item) continue;
      const std::lock_guard lock(lock_of(from));
      link(rows_.at(from), event.item, event.weight / static_cast<float>(distance), to_ms(event.time));
    }
  }

  void forget_item(ItemIndex item) override {
    for (std::size_t from = 0; from < rows_.size(); ++from) {
      const std::lock_guard lock(lock_of(static_cast<ItemIndex>(from)));
      if (from == item) {
        rows_.at(from) = {};
      } else {
        std::erase_if(rows_.at(from).neighbours, [&](const Neighbour& neighbour) { return neighbour.item == item; });
      }
    }
  }

  void erase(std::uint64_t) override {}  // sums over everybody hold nobody's trace

  void save(ByteWriter& out) const override {
    out.varint(rows_.size());
    for (std::size_t item = 0; item < rows_.size(); ++item) {
      const Row& row = rows_.at(item);
      save_cell(out, row.total);
      out.varint(row.neighbours.size());
      for (const Neighbour& neighbour : row.neighbours) {
        out.fixed(neighbour.item);
        save_cell(out, neighbour.cell);
      }
    }
  }

  Result<void> load(ByteReader& in) override {
    const Error corrupt{Errc::corrupt, "covisitation: damaged"};
    const std::uint64_t size = in.varint();
    if (!in.ok() || size > max_items_ || size > in.remaining()) return corrupt;
    rows_.grow(size);
    for (std::size_t item = 0; item < size; ++item) {
      Row& row = rows_.at(item);
      row.total = load_cell(in);
      const std::uint64_t neighbours = in.varint();
      if (!in.ok() || neighbours > options_.max_neighbours) return corrupt;
      row.neighbours.resize(neighbours);
      for (Neighbour& neighbour : row.neighbours) {
        neighbour.item = in.fixed<ItemIndex>();
        neighbour.cell = load_cell(in);
        if (neighbour.item >= size) return corrupt;
      }
    }
    if (!in.ok()) return corrupt;
    return {};
  }

  std::size_t memory_bytes() const override {
    std::size_t bytes = 0;
    for (std::size_t item = 0; item < rows_.size(); ++item) {
      bytes += sizeof(Row) + rows_.at(item).neighbours.capacity() * sizeof(Neighbour);
    }
    return bytes;
  }

 private:
  std::mutex& lock_of(ItemIndex item) const { return locks_[item % kLocks]; }

  /// 2^-(age / half-life) per speed; 1 for the count that never decays.
  Counts decay(std::int64_t age_ms) const {
    Counts factors;
    factors.fill(1.0F);
    const double age = static_cast<double>(std::max<std::int64_t>(0, age_ms));
    for (std::size_t speed = 0; speed + 1 < speeds_; ++speed) {
      factors[speed] = std::exp2(static_cast<float>(-age / half_lives_ms_[speed]));
    }
    return factors;
  }

  /// Brings `cell` to `time_ms` and adds `weight`. A late event is added as if it came with the newest.
  void add(Cell& cell, float weight, std::int64_t time_ms) const {
    const Counts factors = decay(time_ms - cell.time_ms);
    for (std::size_t speed = 0; speed < speeds_; ++speed) cell.counts[speed] = cell.counts[speed] * factors[speed] + weight;
    cell.time_ms = std::max(cell.time_ms, time_ms);
  }

  void link(Row& row, ItemIndex to, float weight, std::int64_t time_ms) const {
    add(row.total, weight, time_ms);
    auto found = std::ranges::find(row.neighbours, to, &Neighbour::item);
    if (found == row.neighbours.end()) {
      if (row.neighbours.size() >= options_.max_neighbours) drop_weakest(row, time_ms);
      row.neighbours.push_back({to, {{}, time_ms}});
      found = row.neighbours.end() - 1;
    }
    add(found->cell, weight, time_ms);
  }

  /// Weakest by the slowest decaying count.
  void drop_weakest(Row& row, std::int64_t time_ms) const {
    const std::size_t speed = speeds_ >= 2 ? speeds_ - 2 : 0;
    const auto strength = [&](const Neighbour& neighbour) {
      return neighbour.cell.counts[speed] * decay(time_ms - neighbour.cell.time_ms)[speed];
    };
    auto weakest = row.neighbours.begin();
    float least = strength(*weakest);
    for (auto it = weakest + 1; it != row.neighbours.end(); ++it) {
      if (const float value = strength(*it); value < least) {
        least = value;
        weakest = it;
      }
    }
    *weakest = std::move(row.neighbours.back());
    row.neighbours.pop_back();
  }

  /// Visits the rows of the session's newest distinct items and adds up what they say about each item that `slot_of`
  /// wants to know about.
  template <typename SlotOf>
  void gather(const Context& context, SlotOf slot_of) const {
    const std::int64_t now_ms = to_ms(context.now);
    double discount = 1.0;
    std::size_t distance = 0;
    for (std::size_t i = context.session.size(); i-- > 0 && distance < kSourcesRead;) {
      const ItemIndex from = context.session[i].item;
      const bool repeated = std::any_of(context.session.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                        context.session.end(), [&](const Visit& visit) { return visit.item == from; });
      if (repeated || from >= rows_.size()) continue;
      ++distance;
      {
        const std::lock_guard lock(lock_of(from));
        gather_row(rows_.at(from), distance, discount, now_ms, slot_of);
      }
      discount *= kDistanceDiscount;
    }
  }

  template <typename SlotOf>
  void gather_row(const Row& row, std::size_t distance, double discount, std::int64_t now_ms, SlotOf slot_of) const {
    Counts inverse_totals = decay(now_ms - row.total.time_ms);
    for (std::size_t speed = 0; speed < speeds_; ++speed) {
      inverse_totals[speed] = 1.0F / (row.total.counts[speed] * inverse_totals[speed] + 1e-3F);
    }
    for (const Neighbour& neighbour : row.neighbours) {
      Gathered* values = slot_of(neighbour.item);
      if (values == nullptr) continue;
      const std::int64_t age_ms = std::max<std::int64_t>(0, now_ms - neighbour.cell.time_ms);
      const Counts factors = decay(age_ms);
      Counts shares{};
      float mean_share = 0;
      for (std::size_t speed = 0; speed < speeds_; ++speed) {
        shares[speed] = neighbour.cell.counts[speed] * factors[speed] * inverse_totals[speed];
        mean_share += shares[speed];
        if (distance == 1) values->last_counts[speed] = neighbour.cell.counts[speed] * factors[speed];
      }
      values->own += static_cast<float>(discount) * mean_share / static_cast<float>(speeds_);
      if (distance == 1) {
        values->last_shares = shares;
        values->recency_hours = static_cast<float>(age_ms) / 3'600'000.0F;
      } else if (distance == 2) {
        values->second_share = shares[speeds_ - 1];
      } else {
        values->older_share += shares[speeds_ - 1];
      }
    }
  }

  static float log_share(float share) { return std::log(share + 1e-4F); }
  static float own_score(const Gathered& values) { return log_share(values.own); }

  void save_cell(ByteWriter& out, const Cell& cell) const {
    for (std::size_t speed = 0; speed < speeds_; ++speed) out.fixed(cell.counts[speed]);
    out.fixed(cell.time_ms);
  }

  Cell load_cell(ByteReader& in) const {
    Cell cell;
    for (std::size_t speed = 0; speed < speeds_; ++speed) cell.counts[speed] = in.fixed<float>();
    cell.time_ms = in.fixed<std::int64_t>();
    return cell;
  }

  const CovisitationOptions options_;
  const std::size_t max_items_;
  std::vector<double> half_lives_ms_;
  std::size_t speeds_ = 1;
  mutable std::array<std::mutex, kLocks> locks_;
  Paged<Row> rows_;  // row i guarded by lock_of(i)
  std::vector<std::string> feature_texts_;
  std::vector<std::string_view> feature_names_;
};

}  // namespace

std::unique_ptr<Part> make_covisitation(const CovisitationOptions& options, std::size_t max_items) {
  FRESHET_CHECK(options.half_life_hours.size() < kMaxSpeeds);
  return std::make_unique<Covisitation>(options, max_items);
}

}  // namespace freshet::online
