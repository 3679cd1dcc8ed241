#include "serve/recommend/content_share.h"

namespace freshet::serve {

std::optional<online::PartPlace> ContentShare::find(online::Scorers scorers) {
  return online::find_part(scorers, "content");
}

std::string_view ContentShare::score(const online::BlenderWeights& weights, online::Ranking& ranking) const {
  if (!content_) {
    online::blend(weights, ranking);
    return "blend";
  }
  if (!online::blend_with_share(weights, content_->columns, share_, ranking)) return "blend";
  return share_ < 1 ? "blend+content" : "content";
}

}  // namespace freshet::serve
