#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/result.h"
#include "online/part/id_hash.h"
#include "online/part/options.h"

namespace freshet::online {

/// How much one sender may teach about one item: an API key, or a client address of a key. Ids of users and sessions are
/// free to invent, senders are not, so one of them cannot put an item on top by many made-up sessions.
///
/// A sender that has sent the weight T in this window and the one before has, for each item, the allowance
/// L = max(least, s min(T, usual)). `usual` is what all senders usually send in a window: nobody earns an allowance by a flood.
/// The share s is the largest of `share`, of kTimes that of an average item, and of the sender's own share of all that was
/// sent in the window before: a site's back end is not limited, since what it sends is the site. Of the weight u that the
/// sender has sent about the item, at most L (2 - L / u) is learned once u > L: everything up to L, ever less beyond it, and
/// never more than 2 L. So the order of items by weight stays, also beyond the allowance.
/// Threads: learner thread only.
/// Cost:    four look-ups per event. Counts of two windows, each cut short at kMaxCounts counts of about 50 bytes.
class SenderLimit {
 public:
  static constexpr std::size_t kMaxCounts = 200'000;
  static constexpr double kTimes = 4;  ///< of a catalogue's average item; matters to catalogues that are small

  explicit SenderLimit(const SenderLimitOptions& options) : options_(options) {}

  /// Counts an event about one of `items` items. False if it is to teach nothing. Events of unknown senders are not
  /// limited. `time`: its place in the timeline.
  bool admits(const IdHash& ids, const Event& event, double weight, Timestamp time, std::size_t items);

  void save(ByteWriter& out) const;
  /// Errors: corrupt.
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct Count {
    float sent = 0, learned = 0;  // weights
  };
  using Window = std::unordered_map<std::uint64_t, Count>;

  void move_windows(Timestamp time);
  Count sum(std::uint64_t key) const;
  double part_of_site(std::uint64_t sender) const;
  bool allows(std::uint64_t sender, std::uint64_t sender_and_item, float weight, double share) const;

  SenderLimitOptions options_;
  Window now_, before_;                // by the hash of a sender, or of a sender and an item
  Timestamp begin_{};                  // of now_
  double sent_ = 0, sent_before_ = 0;  // by all senders, in now_ and before_
  double usual_ = 0;  // by all senders, in one of the busiest windows of the last days; 0: not known yet
};

}  // namespace freshet::online
