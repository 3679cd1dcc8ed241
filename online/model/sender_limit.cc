// SPDX-License-Identifier: Apache-2.0
#include "online/model/sender_limit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "base/saved_time.h"

namespace freshet::online {
namespace {

constexpr double kGrowth = 2;       // of `usual` at most, per window, up and down
constexpr double kQuiet = 0.1;      // of `usual`: a window with less does not tell who the site is
constexpr double kPartRate = 0.25;  // of the moving average of parts, per window
constexpr float kPartWeight = 1e6F;
constexpr std::size_t kNames = 2;  // of a sender: its own, and that of its key

/// For kNames more entries. Where there would be more than `most`, leaves at most half of them: those of the largest
/// size.
template <typename Map, typename Size>
void make_room_in(Map& map, std::size_t most, Size size) {
  if (map.size() + kNames <= most) return;
  for (float cut = 1; map.size() > most / 2; cut *= 2) {
    std::erase_if(map, [&](const auto& entry) { return size(entry.second) <= cut; });
  }
}

/// The entries in the order of their keys, so that the same state is saved as the same bytes.
template <typename Map>
auto sorted(const Map& map) {
  std::vector<std::pair<std::uint64_t, typename Map::mapped_type>> entries(map.begin(), map.end());
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.first; });
  return entries;
}

/// False if it is not a weight.
template <typename Number>
bool read_weight(ByteReader& in, Number& weight) {
  weight = in.fixed<Number>();
  return weight >= 0 && std::isfinite(weight);
}

}  // namespace

/// Of what the sender has sent, that which is no flood. All of it if the sender is the site: then it has only become
/// busier.
double SenderLimit::usual_of(const Sender& sender, double sent) const {
  return usual_ > 0 && sender.part < 1 ? std::min(sent, usual_ / (1 - sender.part)) : sent;
}

void SenderLimit::move_parts() {
  if (sent_ < kQuiet * usual_) return;
  double all = sent_;
  for (const auto& [key, sender] : senders_) {
    if (sender.key) all -= sender.now - usual_of(sender, sender.now);
  }
  ++measured_;
  const double rate = std::max(kPartRate, 1 / static_cast<double>(measured_));
  for (auto& [key, sender] : senders_) {
    const double share = std::min(1.0, usual_of(sender, sender.now) / all);
    sender.part += static_cast<float>(rate * (share - sender.part));
  }
}

void SenderLimit::begin_window(Timestamp arrival) {
  const auto age = arrival - begin_;
  const bool recent = age < 2 * options_.window;
  if (begin_ != Timestamp{}) {
    move_parts();
    usual_ = usual_ > 0 ? std::clamp(sent_, usual_ / kGrowth, usual_ * kGrowth) : sent_;
  }
  for (auto& [key, sender] : senders_) sender.before = recent ? std::exchange(sender.now, 0.0F) : sender.now = 0;
  std::erase_if(senders_, [](const auto& entry) { return entry.second.before == 0 && entry.second.part < 1e-4F; });
  before_ = recent ? std::move(now_) : Window();
  now_.clear();
  sent_ = 0;
  begin_ = arrival;
}

/// Before an event is counted, so that what is found of it stays where it is.
void SenderLimit::make_room() {
  make_room_in(now_, kMaxCounts, [](const Count& one) { return one.sent; });
  make_room_in(senders_, kMaxSenders, [](const Sender& one) { return one.now + one.before + kPartWeight * one.part; });
}

/// Counts what was sent, in `counted`, that of `item` in this window. True if it is within the allowance.
bool SenderLimit::count(Sender& sender, std::uint64_t item, Count& counted, float weight, double share) {
  sender.now += weight;
  counted.sent += weight;
  Count sum = counted;
  if (const auto earlier = before_.find(item); earlier != before_.end()) {
    sum.sent += earlier->second.sent;
    sum.learned += earlier->second.learned;
  }
  share = std::max(share, part_of(sender));
  const auto allowance =
      static_cast<float>(std::max(options_.least, share * usual_of(sender, sender.now + sender.before)));
  if (sum.sent <= allowance || sum.learned == 0) return true;
  return sum.learned + weight <= allowance * (2 - allowance / sum.sent);
}

SenderId SenderLimit::sender_of(const IdHash& ids, std::string_view sender) const {
  if (sender.empty() || options_.share >= 1) return {};
  return {.client = ids.sender(sender), .key = ids.sender(key_of_sender(sender))};
}

double SenderLimit::part_of(const Sender& sender) const {
  if (measured_ > 0) return sender.part;
  return sent_ > 0 ? sender.now / sent_ : 0;
}

double SenderLimit::part_of(std::uint64_t sender) const {
  const auto known = senders_.find(sender);
  return known == senders_.end() ? 0 : part_of(known->second);
}

double SenderLimit::share_of(std::uint64_t sender) const {
  return measured_ < kSettled ? 1 : std::max(options_.share, kOfPart * part_of(sender));
}

/// What has no sender did not come over HTTP: the time of its arrival may be a producer's own, and far off. So it moves
/// no window far where known senders are counted, and a known sender does not wait for a window that it began.
bool SenderLimit::begins_window(const SenderId& sender, Timestamp arrival) const {
  if (begin_ == Timestamp{}) return true;
  const auto age = arrival - begin_;
  const bool counts = !now_.empty() || !before_.empty();
  if (sender.is_known() && !counts && age.count() < 0) return true;
  return age >= options_.window && (sender.is_known() || !counts || age < 2 * options_.window);
}

bool SenderLimit::admits(const IdHash& ids, const SenderId& sender, std::string_view item, double weight,
                         Timestamp arrival, std::size_t items) {
  if (options_.share >= 1) return true;
  if (begins_window(sender, arrival)) begin_window(arrival);
  sent_ += weight;
  make_room();
  const std::array<std::uint64_t, kNames> names{sender.client, sender.key};
  const std::size_t different = sender.client == sender.key ? 1 : kNames;
  const auto added = static_cast<float>(weight);
  if (!sender.is_known()) {
    Sender& unknown = senders_[sender.key];
    unknown.key = true;
    unknown.now += added;
    return true;
  }
  const double share = std::max(options_.share, kTimes / static_cast<double>(std::max<std::size_t>(items, 1)));
  std::array<Count*, kNames> counts{};
  bool admitted = true;
  for (std::size_t i = 0; i < different; ++i) {
    const std::uint64_t counted = ids.item_of(names[i], item);
    Sender& name = senders_[names[i]];
    name.key |= i + 1 == different;
    counts[i] = &now_[counted];
    admitted = count(name, counted, *counts[i], added, share) && admitted;
  }
  if (admitted) {
    for (Count* const counted : std::span(counts).first(different)) counted->learned += added;
  }
  return admitted;
}

void SenderLimit::save(ByteWriter& out) const {
  out.fixed(to_ms(begin_));
  out.fixed(sent_);
  out.fixed(usual_);
  out.varint(measured_);
  out.varint(senders_.size());
  for (const auto& [key, sender] : sorted(senders_)) {
    out.fixed(key);
    for (const float weight : {sender.now, sender.before, sender.part}) out.fixed(weight);
    out.varint(sender.key ? 1 : 0);
  }
  for (const Window* window : {&now_, &before_}) {
    out.varint(window->size());
    for (const auto& [key, count] : sorted(*window)) {
      out.fixed(key);
      for (const float weight : {count.sent, count.learned}) out.fixed(weight);
    }
  }
}

Result<void> SenderLimit::load(ByteReader& in) {
  const Error corrupt{Errc::corrupt, "sender limit: not a saved state"};
  begin_ = timestamp_from_ms(read_time_ms(in));
  bool good = read_weight(in, sent_) && read_weight(in, usual_);
  measured_ = in.varint();
  const std::uint64_t senders = in.varint();
  for (std::uint64_t i = 0; i < senders && good && in.ok(); ++i) {
    Sender& sender = senders_[in.fixed<std::uint64_t>()];
    for (float* weight : {&sender.now, &sender.before, &sender.part}) good = read_weight(in, *weight) && good;
    good = good && sender.part <= 1;
    sender.key = in.varint() != 0;
  }
  for (Window* window : {&now_, &before_}) {
    const std::uint64_t counts = in.varint();
    for (std::uint64_t i = 0; i < counts && good && in.ok(); ++i) {
      Count& count = (*window)[in.fixed<std::uint64_t>()];
      for (float* weight : {&count.sent, &count.learned}) good = read_weight(in, *weight) && good;
    }
  }
  if (!good || !in.ok()) return corrupt;
  return {};
}

std::size_t SenderLimit::memory_bytes() const { return (now_.size() + before_.size() + senders_.size()) * 48; }

}  // namespace freshet::online
