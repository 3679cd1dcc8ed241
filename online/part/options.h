#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::online {

/// Every part there is, in feature order.
inline constexpr std::array<std::string_view, 11> kPartNames{
    "popularity", "covisitation", "session_knn", "recurrence", "user_history", "matrix_factorisation",
    "user_cf",    "lstm",         "attention",   "neural_cf",  "autoencoder"};

/// Popularity: exponentially decayed counts at several half-lives.
struct PopularityOptions {
  std::vector<double> half_life_hours{0.5, 6, 48};
};

/// Co-visitation: decayed item -> next-item counts.
struct CovisitationOptions {
  std::vector<double> half_life_hours{6, 72};  ///< beside these a count that never decays
  std::size_t max_neighbours = 200;            ///< per item
  std::size_t window = 3;                      ///< how many earlier items of the session an event is linked to
};

/// Session kNN (VMIS-kNN).
struct SessionKnnOptions {
  std::size_t max_sessions = 200'000;       ///< in the index; the oldest is replaced
  std::size_t max_sessions_per_item = 500;  ///< newest kept per item
  std::size_t neighbours = 100;             ///< sessions that vote
  std::size_t max_session_items = 64;       ///< of an indexed session
};

/// What each user has come for before.
struct UserHistoryOptions {
  std::size_t max_users = 500'000;       ///< the least recently active is forgotten
  std::size_t max_items_per_user = 100;  ///< newest kept
};

/// Matrix factorisation.
struct MatrixFactorisationOptions {
  std::size_t dimension = 32;         ///< of users' and items' vectors, a multiple of 16
  std::size_t negatives = 16;         ///< items drawn per event that the event's item competes with
  double learning_rate = 0.1;         ///< Adagrad, items
  double user_learning_rate = 0.2;    ///< Adagrad, users
  std::size_t admission_count = 2;    ///< sightings before an item gets a vector
  std::size_t max_items = 1'000'000;  ///< with a vector; the least recently seen gives its up
  std::size_t exact_items = 16'384;   ///< of more with a vector it proposes none, and only scores
  std::size_t max_users = 200'000;    ///< with a vector; the least recently active is forgotten
};

/// User-based collaborative filtering.
struct UserCfOptions {
  std::size_t max_users = 20'000;       ///< most recently active, who may be neighbours
  std::size_t neighbours = 100;         ///< that vote
  std::size_t max_items_per_user = 10;  ///< newest ones that a neighbour votes for
};

/// What the models of what comes next have in common.
struct SequenceOptions {
  std::size_t dimension = 64;           ///< of item embeddings, a multiple of 16
  std::size_t negatives = 256;          ///< sampled per micro-batch, popularity-corrected
  std::size_t batch_examples = 64;      ///< examples per training step
  std::size_t replay_per_batch = 64;    ///< of older examples mixed into each step; 0 = no replay
  std::size_t replay_buffer = 100'000;  ///< examples kept; once it is full, replay ends
  double learning_rate = 0.1;           ///< Adagrad, embeddings
  std::size_t admission_count = 1;      ///< sightings before an item gets an embedding row
  std::size_t max_items = 1'000'000;    ///< rows; the least recently seen is recycled
  std::size_t exact_items = 16'384;     ///< of more rows a scan reads the likeliest clusters
};

/// LSTM session model; its state is as wide as the embeddings.
struct LstmOptions : SequenceOptions {
  std::size_t max_session_items = 10;  ///< newest items of the session that the LSTM reads
  double lstm_learning_rate = 0.02;    ///< Adagrad, LSTM weights
};

/// Attention session model.
struct AttentionOptions : SequenceOptions {
  std::size_t max_session_items = 10;     ///< newest items of the session that are attended to
  double attention_learning_rate = 0.05;  ///< Adagrad, positions and attention weights
};

/// Denoising autoencoder over users' items.
struct AutoencoderOptions : SequenceOptions {
  std::size_t hidden_units = 64;        ///< a multiple of 16
  std::size_t max_items_per_user = 10;  ///< newest ones that it reads
  std::size_t max_users = 200'000;      ///< whose items are remembered; the least recently active is forgotten
  double dropout = 0.3;                 ///< share of the items that a training step does not see
  double hidden_learning_rate = 0.05;   ///< Adagrad, weights of the hidden layer
};

/// Neural collaborative filtering.
struct NeuralCfOptions {
  std::size_t dimension = 32;              ///< of users' and items' vectors, a multiple of 16
  std::size_t hidden_units = 32;           ///< of the perceptron's first layer, a multiple of 32; half in the second
  std::size_t negatives = 4;               ///< drawn per click
  std::size_t batch_examples = 64;         ///< clicks per training step
  double learning_rate = 0.1;              ///< Adagrad, items
  double user_learning_rate = 0.2;         ///< Adagrad, users
  double perceptron_learning_rate = 0.02;  ///< Adagrad
  std::size_t admission_count = 2;         ///< sightings before an item gets a vector
  std::size_t max_items = 1'000'000;       ///< with a vector; the least recently seen gives its up
  std::size_t exact_items = 16'384;        ///< of more with a vector a scan reads the likeliest clusters
  std::size_t max_users = 200'000;         ///< with a vector; the least recently active is forgotten
};

/// Blender: one hidden layer over the parts' features, learned online.
struct BlenderOptions {
  std::size_t hidden_units = 32;  ///< a multiple of 16
  double learning_rate = 0.05;
  std::size_t candidates_per_part = 50;
};

struct Options {
  /// That take part, of kPartNames.
  std::vector<std::string> parts{"popularity",   "covisitation",         "session_knn", "recurrence",
                                 "user_history", "matrix_factorisation", "lstm"};
  std::chrono::seconds session_gap{1800};   ///< a longer pause starts a new session; 0 = never
  std::size_t max_session_items = 200;      ///< newest items of a session that the parts see
  std::size_t max_items = 1'000'000;        ///< vocabulary; the least recently seen item is recycled
  std::size_t max_open_sessions = 500'000;  ///< followed by the learner; the least recently active is closed
  std::size_t dedupe_ids = 1'000'000;       ///< newest event ids remembered by the learner
  /// By event type; "*" is any other; 0 = not learned.
  std::map<std::string, double> type_weights{{"*", 1},        {"view", 1}, {"click", 1},   {"cart", 2},
                                             {"purchase", 3}, {"like", 2}, {"dislike", 0}, {"impression", 0}};
  std::uint64_t seed = 1;
  std::chrono::seconds checkpoint_interval{60};
  std::size_t keep_checkpoints = 3;
  std::chrono::milliseconds publish_interval{200};
  std::chrono::milliseconds score_all_within{100};  ///< of work left: a learner further behind scores a share only
  double least_scored = 0.35;                       ///< share, however far behind; 1 = every event always

  PopularityOptions popularity;
  CovisitationOptions covisitation;
  SessionKnnOptions session_knn;
  UserHistoryOptions user_history;
  MatrixFactorisationOptions matrix_factorisation;
  UserCfOptions user_cf;
  LstmOptions lstm;
  AttentionOptions attention;
  NeuralCfOptions neural_cf;
  AutoencoderOptions autoencoder;
  BlenderOptions blender;

  bool has_part(std::string_view name) const;

  /// What an event of this type teaches; 0: nothing.
  double weight_of(const std::string& type) const;

  std::vector<std::string> validate() const;
};

}  // namespace freshet::online
