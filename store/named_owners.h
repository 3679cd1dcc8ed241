// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/event_reader.h"
#include "store/codec/records.h"
#include "store/erase_history.h"

namespace freshet::store {

/// Finds the owners of erasures in records that are not events, and so may have an id anywhere: in key, value, names and
/// values of headers, in what the reason quotes. In text the id must be a word there, in any other bytes it may be a part of anything. Of others'
/// records it rather finds too many than too few. What is compressed, encrypted, or a binary number is not recognized.
/// Threads: may be used concurrently.
/// Owns:    nothing; the erasures must outlive it.
/// Cost:    two passes over a record, however many owners there are.
class NamedOwners {
 public:
  explicit NamedOwners(std::span<const Erasure> erasures);

  /// True if the record has the id of an owner whose erasure covers it: it is not after the erase record in the same
  /// partition, or of a log before that was recreated.
  bool in(const RejectedRecord& record) const;

  /// The same of a record that is damaged, so that neither its position nor its parts are known.
  bool in(std::string_view damaged) const;

 private:
  struct Name {
    std::string_view id;
    ErasedPart part;
    bool is_split;  ///< visit_texts() may take it for several texts
  };

  template <typename Counts>
  bool has_name(std::string_view bytes, Counts counts) const;

  std::vector<std::vector<Name>> by_beginning_;  // by the first two bytes of the id
};

}  // namespace freshet::store
