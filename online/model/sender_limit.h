// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/result.h"
#include "online/part/id_hash.h"
#include "online/part/options.h"

namespace freshet::online {

/// A sender as IdHash::sender(): the client, and its API key with all its clients. Nobody: not known, and not limited.
struct SenderId {
  std::uint64_t client = 0, key = 0;

  bool is_known() const { return key != 0; }
  bool operator==(const SenderId&) const = default;
};

/// How much one sender may teach about one item, and how many items it may bring: an API key, or a client address of a
/// key. Ids of users and sessions are free to invent, senders are not, so one of them cannot put an item on top by many
/// made-up sessions.
///
/// A sender that has sent the weight T in this window and the one before has, for each item, the allowance
/// L = max(least, s min(T, usual / (1 - part))). `usual` follows what all senders send in a window, by a factor of two
/// per window, so a flood earns little. The share s is the largest of `share`, of kTimes that of an average item, and
/// of `part`, the sender's part of the site: the moving average of its share of all that is sent, floods not counted. A
/// site's back end is not limited, since what it sends is the site; a new one is within hours. Of the weight u that the
/// sender has sent about the item, at most L (2 - L / u) is learned once u > L: everything up to L, ever less beyond
/// it, and never more than 2 L. So the order of items by weight stays, also beyond the allowance.
///
/// The vocabulary (eviction_order.h) asks for parts and shares, so that made-up items push out no others.
/// Threads: learner thread only.
/// Cost:    some 15 look-ups per event. At most kMaxCounts counts per window of about 50 bytes; beyond it the smallest
///          go.
class SenderLimit {
 public:
  static constexpr std::size_t kMaxCounts = 200'000, kMaxSenders = 20'000;
  static constexpr double kTimes = 4;  ///< of a catalogue's average item; matters to catalogues that are small
  static constexpr double kOfPart = 2;
  static constexpr std::uint64_t kSettled = 8;  ///< windows, after which one flood does not tell who the site is

  explicit SenderLimit(const SenderLimitOptions& options) : options_(options) {}

  /// Of an Event::sender. Nobody if nothing is limited.
  SenderId sender_of(const IdHash& ids, std::string_view sender) const;

  /// Counts an event about one of `items` items. False if it is to teach nothing. Events of unknown senders are not
  /// limited. `arrival`: when the log received it. A sender chooses the time of an event, and could end windows or stop
  /// them with it, but not that of its arrival.
  bool admits(const IdHash& ids, const SenderId& sender, std::string_view item, double weight, Timestamp arrival,
              std::size_t items);

  /// The part of the site that a client or key is, or SenderId{}.key: all that are not known. 0 if it has sent nothing
  /// for days, or is new. In the first window, the share of what has been sent so far.
  double part_of(std::uint64_t sender) const;

  /// The largest share of the vocabulary that a client or key may hold: `share`, or kOfPart times its part of the site.
  /// 1 before kSettled windows are known.
  double share_of(std::uint64_t sender) const;

  void save(ByteWriter& out) const;
  /// Errors: corrupt.
  Result<void> load(ByteReader& in);
  std::size_t memory_bytes() const;

 private:
  struct Count {
    float sent = 0, learned = 0;  // weights
  };
  using Window = std::unordered_map<std::uint64_t, Count>;  // by the hash of a sender and an item

  struct Sender {
    float now = 0, before = 0;  // weight sent in this window, and in the one before
    float part = 0;             // of the site
    bool key = false;           // an API key with all its clients, rather than one client
  };
  using Senders = std::unordered_map<std::uint64_t, Sender>;  // by the hash of the name

  bool begins_window(const SenderId& sender, Timestamp arrival) const;
  void begin_window(Timestamp arrival);
  void move_parts();
  double usual_of(const Sender& sender, double sent) const;
  double part_of(const Sender& sender) const;
  void make_room();
  bool count(Sender& sender, std::uint64_t item, Count& counted, float weight, double share);

  SenderLimitOptions options_;
  Senders senders_;
  Window now_, before_;
  // Of now_; the epoch: nothing has been sent. Does not go back once known senders are counted: partitions of which one
  // lags would begin one window after another, and all that was counted be forgotten.
  Timestamp begin_{};
  double sent_ = 0;             // by all senders, in now_
  double usual_ = 0;            // by all senders, in a window; 0: in the first one
  std::uint64_t measured_ = 0;  // windows from which the parts are known
};

}  // namespace freshet::online
