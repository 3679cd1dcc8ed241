// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "cli/evaluate/predictor.h"
#include "online/part/part_kind.h"

namespace freshet::cli {
namespace {

class ModelPredictor final : public Predictor {
 public:
  explicit ModelPredictor(const online::Options& options)
      : options_(options), model_(options, online::make_parts(options)) {}

  std::vector<std::string> part_names() const override { return model_.part_names(); }
  std::vector<std::pair<std::string, online::Calibration>> calibration() const override { return model_.calibration(); }
  std::size_t items() const override { return model_.vocabulary().size(); }
  const online::Options& options() const override { return options_; }

  void describe(const Event& put) override { model_.learn(put); }

  const online::Model::Outcome& take(const Event& event, bool learns, online::Evaluation& evaluation) override {
    const auto& outcome = learns ? model_.learn(event) : model_.test(event);
    if (outcome.scored && !outcome.unseen_target) cover(evaluation);
    return outcome;
  }

 private:
  void cover(online::Evaluation& evaluation) const {
    const online::Ranking& ranking = model_.ranking();
    const auto parts = model_.ranked_parts();
    for (std::size_t part = 0; part < parts.size(); ++part) {
      const auto& candidates = ranking.proposals[part].candidates;
      const std::size_t listed = std::min(candidates.size(), online::kCutoffs.back());
      for (std::size_t i = 0; i < listed; ++i) evaluation.cover(parts[part], candidates[i].item);
    }
    if (ranking.scores.empty()) return;  // the target was not a candidate, so nothing was blended
    for (const std::size_t i : online::top_k(ranking, online::kCutoffs.back())) {
      evaluation.cover(evaluation.parts().size() - 1, ranking.items[i]);
    }
  }

  const online::Options options_;
  online::Model model_;
};

}  // namespace

std::unique_ptr<Predictor> make_model_predictor(const online::Options& options) {
  return std::make_unique<ModelPredictor>(options);
}

}  // namespace freshet::cli
