// SPDX-License-Identifier: Apache-2.0
#include "online/parts/matrix_factorization.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "online/kernels/kernels.h"
#include "online/vectors/embedding_ranking.h"
#include "online/vectors/item_vectors.h"

namespace freshet::online {
namespace {

// Least length of an anonymous session that stands in for a user. The other parts know more about shorter ones, and a
// scan of all items for each would be a fifth of the cost of learning an event.
constexpr std::size_t kSessionAsUser = 10;
constexpr std::size_t kNoIndex = 100'000'000;  // above all row counts: only tables that need no index are scanned

class MatrixFactorizationScorer final : public Scorer {
 public:
  MatrixFactorizationScorer(std::shared_ptr<const EmbeddingView> items, std::size_t proposed_of,
                            std::shared_ptr<const UserVectors> users)
      : items_(std::move(items)), proposed_of_(proposed_of), users_(std::move(users)) {}

  std::string_view name() const override { return kMatrixFactorization.name; }
  std::span<const std::string_view> features() const override { return kEmbeddingFeatures; }

  void ask(const Context& context, std::unique_ptr<Query>& query) const override {
    reuse<EmbeddingQuery>(query).ask(*items_, context.last_item(), items_->rows <= proposed_of_,
                                     [&](std::vector<float>& user) { return find_user(context, user); });
  }

 private:
  /// The user's vector; for an unknown user the mean of the session's items, as a new user starts with the vector of
  /// their first item. False if none of the items has a vector.
  bool find_user(const Context& context, std::vector<float>& user) const {
    if (context.user_key == kNobody && context.session.size() < kSessionAsUser) return false;
    if (users_->copy(who(context), user)) return true;
    user.assign(items_->dimension, 0.0F);
    float known = 0;
    for (const Visit& visit : context.session) {
      const std::uint32_t row = items_->row_of(visit.item);
      if (row == kNoRow) continue;
      known += 1;
      for (std::size_t i = 0; i < user.size(); ++i) user[i] += items_->vector(row)[i];
    }
    for (float& value : user) value /= std::max(1.0F, known);
    return known > 0;
  }

  const std::shared_ptr<const EmbeddingView> items_;
  const std::size_t proposed_of_;  // largest number of rows of which it proposes
  const std::shared_ptr<const UserVectors> users_;
};

class MatrixFactorization final : public Part {
 public:
  MatrixFactorization(const MatrixFactorizationOptions& options, std::size_t max_items, std::uint64_t seed,
                      std::shared_ptr<UserVectors> users)
      : options_(options),
        random_(mix64(seed)),
        users_(std::move(users)),
        items_(options.dimension, options.learning_rate, options.max_items, max_items, options.admission_count,
               kNoIndex),
        live_(items_.table().shared_live(), options.exact_items, users_) {}

  const Scorer& live() const override { return live_; }

  std::shared_ptr<const Scorer> publish() override {
    return std::make_shared<const MatrixFactorizationScorer>(items_.table().publish(), options_.exact_items, users_);
  }

  void observe(const Context&, const Interaction& event) override {
    const auto folded = items_.observe(event, *users_, random_);
    if (folded.row != kNoRow && !folded.is_new_user) learn(folded.user, folded.row, event.weight);
  }

  void forget_item(ItemIndex item) override { items_.forget(item); }

  void erase(OwnerKey key) override { users_->erase(key); }

  void save(ByteWriter& out) const override {
    out.varint(options_.dimension);
    out.varint(options_.max_items);
    out.varint(options_.max_users);
    random_.save(out);
    users_->save(out);
    items_.save(out);
  }

  Result<void> load(ByteReader& in) override {
    if (in.varint() != options_.dimension || in.varint() != options_.max_items || in.varint() != options_.max_users) {
      return Error{Errc::invalid, "matrix_factorization: made with another dimension or number of items or users"};
    }
    random_.load(in);
    if (!users_->load(in) || !items_.load(in)) {
      return not_a_saved_state(kMatrixFactorization.name);
    }
    return {};
  }

  std::size_t memory_bytes() const override { return users_->memory_bytes() + items_.memory_bytes(); }

 private:
  /// One gradient step, of the user and the items, on the sum over the negatives j of -log sigmoid(x_i - x_j).
  void learn(UserVectors::Slot slot, std::uint32_t positive, float weight) {
    const std::size_t d = options_.dimension;
    const auto vector = users_->vector(slot);
    user_.assign(vector.begin(), vector.end());
    const EmbeddingView& items = items_.live();
    const float* liked = items.vector(positive);
    const float target = dot(user_.data(), liked, d) + items.scalars(positive).bias;
    user_gradient_.assign(d, 0);
    gradient_.resize(d);
    float total = 0;
    for (std::size_t n = 0; n < options_.negatives; ++n) {
      const std::uint32_t row = items_.draw_negative(random_);
      if (row == kNoRow || row == positive) continue;
      const float* other = items.vector(row);
      const float margin = target - dot(user_.data(), other, d) - items.scalars(row).bias;
      const float error = weight / (1.0F + std::exp(margin));
      total += error;
      for (std::size_t i = 0; i < d; ++i) {
        user_gradient_[i] += error * (other[i] - liked[i]);
        gradient_[i] = error * user_[i];
      }
      items_.step(row, gradient_, error);
      liked = items.vector(positive);  // the page may have been copied
    }
    for (std::size_t i = 0; i < d; ++i) gradient_[i] = -total * user_[i];
    items_.step(positive, gradient_, -total);
    users_->step(slot, user_gradient_, static_cast<float>(options_.user_learning_rate));
  }

  const MatrixFactorizationOptions options_;
  Random random_;
  const std::shared_ptr<UserVectors> users_;
  ItemVectors items_;
  MatrixFactorizationScorer live_;
  std::vector<float> user_, user_gradient_, gradient_;  // buffers of learn()
};

}  // namespace

std::unique_ptr<Part> make_matrix_factorization(const MatrixFactorizationOptions& options, std::size_t max_items,
                                                std::uint64_t seed, std::shared_ptr<UserVectors> users) {
  return std::make_unique<MatrixFactorization>(options, max_items, seed, std::move(users));
}

std::vector<Option<MatrixFactorizationOptions>> MatrixFactorizationOptions::describe() {
  using Own = MatrixFactorizationOptions;
  return {
      option::integer("dimension", &Own::dimension, {16, 1024, 16}, "Width of the vectors of users and items."),
      option::integer("negatives", &Own::negatives, {1, 1000},
                      "Number of random items that an event's item is ranked against in learning."),
      option::number("learning_rate", &Own::learning_rate, {1e-6, 10}, "Adagrad learning rate of the items' vectors."),
      option::number("user_learning_rate", &Own::user_learning_rate, {1e-6, 10},
                     "Adagrad learning rate of the users' vectors."),
      option::integer("admission_count", &Own::admission_count, {1, 255},
                      "Number of events with an item before it gets a vector."),
      option::integer(
          "max_items", &Own::max_items, {100, 100 * option::kMillion},
          "Largest number of items with a vector. Beyond it the least recently seen item loses its vector."),
      option::integer(
          "exact_items", &Own::exact_items, {100, 100 * option::kMillion},
          "Largest number of items with a vector for which this part proposes items. Beyond it the part only "
          "scores the items that other parts propose."),
      option::integer("max_users", &Own::max_users, {1, 100 * option::kMillion},
                      "Largest number of users with a vector. Beyond it the least recently active is forgotten."),
  };
}

constinit const PartKind kMatrixFactorization{
    .name = "matrix_factorization",
    .about = "user × item vectors from single events (BPR)",
    .on_by_default = true,
    .saved_name = "matrix_factorisation",
    .describe = describe_part<MatrixFactorizationOptions>,
    .make =
        [](PartContext& context) {
          const auto& own = context.options.part<MatrixFactorizationOptions>();
          context.users = std::make_shared<UserVectors>(own.dimension, own.max_users);
          return make_matrix_factorization(own, context.options.max_items, context.options.seed, context.users);
        },
};

}  // namespace freshet::online
