// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/content_share.h"

namespace freshet::serve {

std::optional<online::PartPlace> ContentShare::find(online::Scorers scorers) {
  return online::find_part(scorers, "content");
}

std::string_view ContentShare::score(const online::Snapshot& snapshot, const online::Worths& worths,
                                     online::Ranking& ranking) const {
  const online::BlenderWeights& weights = *snapshot.blender;
  if (!worths.heads.empty()) {
    std::optional<online::PartShare> content;
    if (content_) content = {content_->columns, share_};
    const bool mixed = online::blend_by_value(weights, *snapshot.actions, worths, content, ranking);
    return mixed ? "value+content" : "value";
  }
  if (!content_) {
    online::blend(weights, ranking);
    return "blend";
  }
  if (!online::blend_with_share(weights, content_->columns, share_, ranking)) return "blend";
  return share_ < 1 ? "blend+content" : "content";
}

}  // namespace freshet::serve
