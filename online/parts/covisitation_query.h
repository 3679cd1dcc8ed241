// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "online/containers/item_table.h"
#include "online/parts/covisitation.h"

namespace freshet::online {

/// The followers of a session's last items, and their features.
class CovisitationIndex::Followers final : public Query {
 public:
  static std::vector<std::string> feature_names(std::size_t levels);

  void ask(const CovisitationIndex& index, const Context& context);
  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override;
  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override;

 private:
  static constexpr float kNoShare = 0x1p-12F;  // negligible; keeps logarithms defined

  struct Follower {
    ItemIndex item = kNoItem;
    float own = 0;     // score
    float second = 0;  // share of the row of the last item but one
    float older = 0;   // shares of the rows before it, added up
  };
  // Arguments of the logarithms among one candidate's features.
  struct Logarithms {
    float last[kMaxLevels] = {kNoShare, kNoShare, kNoShare, kNoShare, kNoShare, kNoShare};
    float second = kNoShare;
    float count = 1.0F;
  };

  void read_rows();
  void read_row(std::size_t back, const Row& row);
  void share_out(const Row& row);

  // the question
  const CovisitationIndex* index_ = nullptr;
  std::int64_t now_ms_ = 0;
  ItemIndex last_item_ = kNoItem;
  std::array<ItemIndex, kQueryItems> asked_;  // newest first; kNoItem for a repeat, and beyond the start of the session

  // the answer
  ItemTable place_of_;               // item -> index into followers_
  std::vector<Follower> followers_;  // of all rows; those of the last item come first, in the order of its row
  Row last_;                         // copy of the last item's row

  // buffers
  std::vector<float> shares_;  // of the row being read, by follower
  std::vector<Candidate> candidates_;
  std::vector<Logarithms> logarithms_;
};

}  // namespace freshet::online
