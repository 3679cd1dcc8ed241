#include "online/model/sender_limit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "base/saved_time.h"

namespace freshet::online {
namespace {

constexpr double kKept = 0.97;  // of `usual` per window: half of it after a day of hours
constexpr double kGrowth = 2;   // of `usual` at most, per window
constexpr double kQuiet = 0.1;  // of `usual`: in a window with less than that nobody is a large part of the site

}  // namespace

/// The windows overlap in time by nothing, but a sum is of both, so that no sender has its whole allowance twice within a
/// moment.
void SenderLimit::move_windows(Timestamp time) {
  const auto age = time - begin_;
  if (age < options_.window && now_.size() < kMaxCounts) return;
  if (begin_ != Timestamp{}) usual_ = usual_ > 0 ? std::clamp(sent_, kKept * usual_, kGrowth * usual_) : sent_;
  const bool recent = age < 2 * options_.window;
  before_ = recent ? std::move(now_) : Window();
  sent_before_ = recent ? sent_ : 0;
  now_.clear();
  sent_ = 0;
  begin_ = time;
}

SenderLimit::Count SenderLimit::sum(std::uint64_t key) const {
  Count sum;
  for (const Window* window : {&now_, &before_}) {
    const auto found = window->find(key);
    if (found == window->end()) continue;
    sum.sent += found->second.sent;
    sum.learned += found->second.learned;
  }
  return sum;
}

double SenderLimit::part_of_site(std::uint64_t sender) const {
  const bool first = usual_ == 0;  // there is no window before
  const Window& window = first ? now_ : before_;
  const auto found = window.find(sender);
  if (found == window.end()) return 0;
  if (first) return found->second.sent / sent_;
  return std::min<double>(found->second.sent, usual_) / std::max(sent_before_, kQuiet * usual_);
}

bool SenderLimit::allows(std::uint64_t sender, std::uint64_t sender_and_item, float weight, double share) const {
  const double sent = sum(sender).sent;
  share = std::max(share, part_of_site(sender));
  const auto allowance =
      static_cast<float>(std::max(options_.least, share * (usual_ > 0 ? std::min(sent, usual_) : sent)));
  const Count item = sum(sender_and_item);
  if (item.sent <= allowance || item.learned == 0) return true;
  return item.learned + weight <= allowance * (2 - allowance / item.sent);
}

bool SenderLimit::admits(const IdHash& ids, const Event& event, double weight, Timestamp time, std::size_t items) {
  move_windows(time);
  sent_ += weight;
  if (event.sender.empty() || options_.share >= 1) return true;
  const double share = std::max(options_.share, kTimes / static_cast<double>(std::max<std::size_t>(items, 1)));
  const auto added = static_cast<float>(weight);
  std::array<std::uint64_t, 2> counted{};
  bool admitted = true;
  const std::array<std::string_view, 2> senders{key_of_sender(event.sender), event.sender};
  for (std::size_t i = 0; i < senders.size(); ++i) {
    const std::uint64_t sender = ids.sender(senders[i]);
    counted[i] = ids.item_of(sender, event.item);
    now_[sender].sent += added;
    now_[counted[i]].sent += added;
    admitted = allows(sender, counted[i], added, share) && admitted;
  }
  if (admitted) {
    for (const std::uint64_t key : counted) now_[key].learned += added;
  }
  return admitted;
}

void SenderLimit::save(ByteWriter& out) const {
  out.fixed(to_ms(begin_));
  out.fixed(sent_);
  out.fixed(sent_before_);
  out.fixed(usual_);
  for (const Window* window : {&now_, &before_}) {
    std::vector<std::pair<std::uint64_t, Count>> counts(window->begin(), window->end());
    std::ranges::sort(counts, {}, &std::pair<std::uint64_t, Count>::first);
    out.varint(counts.size());
    for (const auto& [key, count] : counts) {
      out.fixed(key);
      out.fixed(count.sent);
      out.fixed(count.learned);
    }
  }
}

Result<void> SenderLimit::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "sender limit: not a saved state"};
  begin_ = timestamp_from_ms(read_time_ms(in));
  for (double* weight : {&sent_, &sent_before_, &usual_}) {
    *weight = in.fixed<double>();
    if (!(*weight >= 0) || !std::isfinite(*weight)) return corrupt;
  }
  for (Window* window : {&now_, &before_}) {
    const std::uint64_t size = in.varint();
    if (size > in.remaining() / (sizeof(std::uint64_t) + 2 * sizeof(float))) return corrupt;
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto key = in.fixed<std::uint64_t>();
      Count count;
      count.sent = in.fixed<float>();
      count.learned = in.fixed<float>();
      if (!(count.sent >= 0) || !(count.learned >= 0) || !std::isfinite(count.sent) || !std::isfinite(count.learned)) {
        return corrupt;
      }
      window->emplace(key, count);
    }
  }
  if (!in.ok()) return corrupt;
  return {};
}

std::size_t SenderLimit::memory_bytes() const { return (now_.size() + before_.size()) * 48; }

}  // namespace freshet::online
