#include "online/part/options.h"

#include <algorithm>
#include <cmath>

namespace freshet::online {
namespace {

class Problems {
 public:
  void require(bool holds, const std::string& problem) {
    if (!holds) problems_.push_back(problem);
  }
  void half_lives(const std::string& key, const std::vector<double>& hours, std::size_t most) {
    require(!hours.empty() && hours.size() <= most, key + ": expected 1 to " + std::to_string(most) + " half-lives");
    double before = 0;
    for (const double h : hours) {
      require(std::isfinite(h) && h > before, key + ": expected positive hours in rising order");
      before = h;
    }
  }
  void sequence_model(const std::string& part, const SequenceOptions& options) {
    require(options.dimension >= 16 && options.dimension % 16 == 0 && options.dimension <= 1024,
            part + ".dimension: must be a multiple of 16, at most 1024");
    require(options.negatives >= 1, part + ".negatives: must be at least 1");
    require(options.batch_examples >= 1, part + ".batch_examples: must be at least 1");
    require(options.learning_rate > 0, part + ".learning_rate: must be positive");
    require(options.admission_count >= 1 && options.admission_count <= 255,
            part + ".admission_count: must be 1 to 255");
    require(options.max_items >= 1, part + ".max_items: must be at least 1");
    require(options.exact_items >= 1, part + ".exact_items: must be at least 1");
  }
  std::vector<std::string> take() { return std::move(problems_); }

 private:
  std::vector<std::string> problems_;
};

}  // namespace

bool Options::has_part(std::string_view name) const { return std::ranges::find(parts, name) != parts.end(); }

double Options::weight_of(const std::string& type) const {
  auto found = type_weights.find(type);
  if (found == type_weights.end()) found = type_weights.find("*");
  return found == type_weights.end() ? 0.0 : found->second;
}

std::vector<std::string> Options::validate() const {
  Problems problems;
  problems.require(!parts.empty(), "parts: at least one is needed");
  for (const std::string& part : parts) {
    std::string known;
    for (const std::string_view name : kPartNames) known += (known.empty() ? "" : ", ") + std::string(name);
    problems.require(std::ranges::find(kPartNames, part) != kPartNames.end(),
                     "parts: \"" + part + "\" is none of " + known);
  }
  problems.require(session_gap.count() >= 0, "session_gap: must not be negative (0 = never cut)");
  problems.require(max_session_items >= 2, "max_session_items: must be at least 2");
  problems.require(max_items >= 100 && max_items <= 100'000'000, "max_items: must be 100 to 100000000");
  problems.require(max_open_sessions >= 1, "max_open_sessions: must be at least 1");
  problems.require(checkpoint_interval.count() >= 1, "checkpoint_interval: must be at least 1 s");
  problems.require(keep_checkpoints >= 1, "keep_checkpoints: must be at least 1");
  problems.require(publish_interval.count() >= 1, "publish_interval: must be at least 1 ms");
  problems.require(score_all_within.count() >= 1, "score_all_within: must be at least 1 ms");
  problems.require(least_scored > 0 && least_scored <= 1,
                   "least_scored: must be above 0, at most 1 (every event is scored)");
  for (const auto& [type, weight] : type_weights) {
    problems.require(std::isfinite(weight) && weight >= 0 && weight <= 1000,
                     "type_weights." + type + ": must be 0 (not learned) to 1000");
  }
  problems.half_lives("popularity.half_life_hours", popularity.half_life_hours, 4);
  problems.half_lives("covisitation.half_life_hours", covisitation.half_life_hours, 3);
  problems.require(covisitation.max_neighbours >= 1, "covisitation.max_neighbours: must be at least 1");
  problems.require(covisitation.window >= 1, "covisitation.window: must be at least 1");
  problems.require(session_knn.max_sessions >= 1 && session_knn.max_sessions <= 100'000'000,
                   "session_knn.max_sessions: must be 1 to 100000000");
  problems.require(session_knn.max_sessions_per_item >= 1, "session_knn.max_sessions_per_item: must be at least 1");
  problems.require(session_knn.neighbours >= 1, "session_knn.neighbours: must be at least 1");
  problems.require(session_knn.max_session_items >= 2 && session_knn.max_session_items <= 64,
                   "session_knn.max_session_items: must be 2 to 64");
  problems.require(user_history.max_users >= 1 && user_history.max_users <= 100'000'000,
                   "user_history.max_users: must be 1 to 100000000");
  problems.require(user_history.max_items_per_user >= 1, "user_history.max_items_per_user: must be at least 1");
  problems.require(matrix_factorisation.dimension >= 16 && matrix_factorisation.dimension % 16 == 0 &&
                       matrix_factorisation.dimension <= 1024,
                   "matrix_factorisation.dimension: must be a multiple of 16, at most 1024");
  problems.require(matrix_factorisation.negatives >= 1, "matrix_factorisation.negatives: must be at least 1");
  problems.require(matrix_factorisation.learning_rate > 0 && matrix_factorisation.user_learning_rate > 0,
                   "matrix_factorisation.learning_rate, matrix_factorisation.user_learning_rate: must be positive");
  problems.require(matrix_factorisation.admission_count >= 1 && matrix_factorisation.admission_count <= 255,
                   "matrix_factorisation.admission_count: must be 1 to 255");
  problems.require(matrix_factorisation.max_items >= 1, "matrix_factorisation.max_items: must be at least 1");
  problems.require(matrix_factorisation.exact_items >= 1, "matrix_factorisation.exact_items: must be at least 1");
  problems.require(matrix_factorisation.max_users >= 1 && matrix_factorisation.max_users <= 100'000'000,
                   "matrix_factorisation.max_users: must be 1 to 100000000");
  problems.require(!has_part("user_cf") || has_part("matrix_factorisation"),
                   "parts: user_cf compares the users' vectors of matrix_factorisation, which is missing");
  problems.require(user_cf.max_users >= 1 && user_cf.max_users <= matrix_factorisation.max_users,
                   "user_cf.max_users: must be 1 to matrix_factorisation.max_users");
  problems.require(user_cf.neighbours >= 1, "user_cf.neighbours: must be at least 1");
  problems.require(user_cf.max_items_per_user >= 1, "user_cf.max_items_per_user: must be at least 1");
  problems.sequence_model("lstm", lstm);
  problems.require(lstm.max_session_items >= 1, "lstm.max_session_items: must be at least 1");
  problems.require(lstm.lstm_learning_rate > 0, "lstm.lstm_learning_rate: must be positive");
  problems.sequence_model("attention", attention);
  problems.require(attention.max_session_items >= 1 && attention.max_session_items <= 1000,
                   "attention.max_session_items: must be 1 to 1000");
  problems.require(attention.attention_learning_rate > 0, "attention.attention_learning_rate: must be positive");
  problems.require(neural_cf.dimension >= 16 && neural_cf.dimension % 16 == 0 && neural_cf.dimension <= 1024,
                   "neural_cf.dimension: must be a multiple of 16, at most 1024");
  problems.require(neural_cf.hidden_units >= 32 && neural_cf.hidden_units % 32 == 0 && neural_cf.hidden_units <= 1024,
                   "neural_cf.hidden_units: must be a multiple of 32, at most 1024");
  problems.require(neural_cf.negatives >= 1, "neural_cf.negatives: must be at least 1");
  problems.require(neural_cf.batch_examples >= 1, "neural_cf.batch_examples: must be at least 1");
  problems.require(
      neural_cf.learning_rate > 0 && neural_cf.user_learning_rate > 0 && neural_cf.perceptron_learning_rate > 0,
      "neural_cf.learning_rate, .user_learning_rate, .perceptron_learning_rate: must be positive");
  problems.require(neural_cf.admission_count >= 1 && neural_cf.admission_count <= 255,
                   "neural_cf.admission_count: must be 1 to 255");
  problems.require(neural_cf.max_items >= 1, "neural_cf.max_items: must be at least 1");
  problems.require(neural_cf.exact_items >= 1, "neural_cf.exact_items: must be at least 1");
  problems.require(neural_cf.max_users >= 1 && neural_cf.max_users <= 100'000'000,
                   "neural_cf.max_users: must be 1 to 100000000");
  problems.sequence_model("autoencoder", autoencoder);
  problems.require(
      autoencoder.hidden_units >= 16 && autoencoder.hidden_units % 16 == 0 && autoencoder.hidden_units <= 1024,
      "autoencoder.hidden_units: must be a multiple of 16, at most 1024");
  problems.require(autoencoder.max_items_per_user >= 1 && autoencoder.max_items_per_user <= 1000,
                   "autoencoder.max_items_per_user: must be 1 to 1000");
  problems.require(autoencoder.max_users >= 1 && autoencoder.max_users <= 100'000'000,
                   "autoencoder.max_users: must be 1 to 100000000");
  problems.require(autoencoder.dropout >= 0 && autoencoder.dropout < 1, "autoencoder.dropout: must be 0 to below 1");
  problems.require(autoencoder.hidden_learning_rate > 0, "autoencoder.hidden_learning_rate: must be positive");
  problems.require(blender.hidden_units >= 16 && blender.hidden_units % 16 == 0 && blender.hidden_units <= 1024,
                   "blender.hidden_units: must be a multiple of 16, at most 1024");
  problems.require(blender.learning_rate > 0, "blender.learning_rate: must be positive");
  problems.require(blender.candidates_per_part >= 20, "blender.candidates_per_part: must be at least 20");
  return problems.take();
}

}  // namespace freshet::online
