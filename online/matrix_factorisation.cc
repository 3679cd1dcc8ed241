#include "online/matrix_factorisation.h"

#include <cmath>
#include <vector>

#include "online/embedding_ranking.h"
#include "online/embedding_table.h"
#include "online/kernels.h"
#include "online/random.h"
#include "online/recent_items.h"
#include "online/row_adagrad.h"

namespace freshet::online {
namespace {

constexpr double kUniformShare = 0.3;  // of negatives drawn from all items rather than by popularity
constexpr float kNewRowNoise = 0.1F;
constexpr float kUserShare = 0.7F;  // how much a new item takes over from the user who brings it

class MatrixFactorisationScorer final : public Scorer {
 public:
  /// `items` is referred to, not copied.
  MatrixFactorisationScorer(const EmbeddingView& items, std::shared_ptr<const UserVectors> users)
      : items_(items), users_(std::move(users)) {}

  std::string_view name() const override { return "matrix_factorisation"; }
  std::span<const std::string_view> features() const override { return kEmbeddingFeatures; }

  void propose(const Context& context, std::size_t k, std::vector<Candidate>& out) const override {
    thread_local std::vector<float> user;
    if (users_->copy(who(context), user)) nearest_items(items_, user, k, context.last_item(), out);
  }

  void score(const Context& context, std::span<const ItemIndex> candidates, FeatureColumns out) const override {
    thread_local std::vector<float> user;
    const bool known = users_->copy(who(context), user);
    score_items(items_, known ? user.data() : nullptr, candidates, out);
  }

 private:
  const EmbeddingView& items_;
  const std::shared_ptr<const UserVectors> users_;
};

struct Published {
  EmbeddingView items;
  MatrixFactorisationScorer scorer;

  Published(EmbeddingView the_items, std::shared_ptr<const UserVectors> users)
      : items(std::move(the_items)), scorer(items, std::move(users)) {}
};

class MatrixFactorisation final : public Part {
 public:
  MatrixFactorisation(const MatrixFactorisationOptions& options, std::size_t max_items, std::uint64_t seed,
                      std::shared_ptr<UserVectors> users)
      : options_(options),
        max_items_(max_items),
        random_(mix64(seed)),
        users_(std::move(users)),
        items_(options.dimension, options.max_items, max_items, options.admission_count),
        adagrad_(options.dimension, options.learning_rate),
        live_(items_.live(), users_) {}

  const Scorer& live() const override { return live_; }

  std::shared_ptr<const Scorer> publish() override {
    auto published = std::make_shared<const Published>(items_.publish(), users_);
    return {published, &published->scorer};
  }

  void observe(const Context&, const Interaction& event) override {
    recent_.add(event.item);
    bool is_new = false;
    const std::uint32_t row = items_.observe(event.item, is_new);
    if (row == kNoRow) return;
    const auto [user, is_new_user] = users_->claim(who(event));
    if (is_new) initialise(row, users_->vector(user));
    items_.write_prior(row, static_cast<float>(std::log(recent_.share(event.item))));
    if (is_new_user) {
      users_->write(user, {items_.live().vector(row), options_.dimension});
    } else {
      learn(user, row, event.weight);
    }
  }

  void forget_item(ItemIndex item) override {
    items_.forget(item);
    recent_.forget(item);
  }

  void erase(std::uint64_t key) override { users_->erase(key); }

  void save(ByteWriter& out) const override {
    out.varint(options_.dimension);
    out.varint(options_.max_items);
    out.varint(options_.max_users);
    random_.save(out);
    users_->save(out);
    items_.save(out);
    adagrad_.save(out);
    recent_.save(out);
  }

  Result<void> load(ByteReader& in) override {
    if (in.varint() != options_.dimension || in.varint() != options_.max_items || in.varint() != options_.max_users) {
      return Error{Errc::invalid, "matrix_factorisation: made with another dimension or number of items or users"};
    }
    random_.load(in);
    if (!users_->load(in) || !items_.load(in) || !adagrad_.load(in, items_.rows()) || !recent_.load(in, max_items_)) {
      return Error{Errc::corrupt, "matrix_factorisation: not a saved state"};
    }
    return {};
  }

  std::size_t memory_bytes() const override {
    return users_->memory_bytes() + items_.memory_bytes() + adagrad_.memory_bytes() + recent_.memory_bytes();
  }

 private:
  void initialise(std::uint32_t row, std::span<const float> user) {
    gradient_.resize(options_.dimension);
    for (std::size_t i = 0; i < gradient_.size(); ++i) {
      gradient_[i] = kUserShare * user[i] + kNewRowNoise * static_cast<float>(2 * random_.uniform() - 1);
    }
    items_.write(row, gradient_, 0);
    adagrad_.reset(row);
  }

  /// kNoRow if the draw came to nothing.
  std::uint32_t draw_negative() {
    const bool uniform = random_.uniform() < kUniformShare;
    const std::uint32_t row =
        uniform ? static_cast<std::uint32_t>(random_.below(items_.rows())) : items_.row_of(recent_.draw(random_));
    return row != kNoRow && items_.item_of(row) != kNoItem ? row : kNoRow;
  }

  /// One step of every row concerned on the sum over the negatives j of -log sigmoid(x_i - x_j).
  void learn(UserVectors::Slot slot, std::uint32_t positive, float weight) {
    const std::size_t d = options_.dimension;
    const auto vector = users_->vector(slot);
    user_.assign(vector.begin(), vector.end());
    const EmbeddingView& items = items_.live();
    const float* liked = items.vector(positive);
    const float target = dot(user_.data(), liked, d) + items.bias(positive);
    user_gradient_.assign(d, 0);
    gradient_.resize(d);
    float total = 0;
    for (std::size_t n = 0; n < options_.negatives; ++n) {
      const std::uint32_t row = draw_negative();
      if (row == kNoRow || row == positive) continue;
      const float* other = items.vector(row);
      const float margin = target - dot(user_.data(), other, d) - items.bias(row);
      const float error = weight / (1.0F + std::exp(margin));
      total += error;
      for (std::size_t i = 0; i < d; ++i) {
        user_gradient_[i] += error * (other[i] - liked[i]);
        gradient_[i] = error * user_[i];
      }
      adagrad_.step(items_, row, gradient_, error);
      liked = items.vector(positive);  // the page may have been copied
    }
    for (std::size_t i = 0; i < d; ++i) gradient_[i] = -total * user_[i];
    adagrad_.step(items_, positive, gradient_, -total);
    users_->step(slot, user_gradient_, static_cast<float>(options_.user_learning_rate));
  }

  const MatrixFactorisationOptions options_;
  const std::size_t max_items_;
  Random random_;
  const std::shared_ptr<UserVectors> users_;
  EmbeddingTable items_;
  RowAdagrad adagrad_;  // of items_
  MatrixFactorisationScorer live_;
  RecentItems recent_;
  std::vector<float> user_, user_gradient_, gradient_;  // buffers of learn()
};

}  // namespace

std::unique_ptr<Part> make_matrix_factorisation(const MatrixFactorisationOptions& options, std::size_t max_items,
                                                std::uint64_t seed, std::shared_ptr<UserVectors> users) {
  return std::make_unique<MatrixFactorisation>(options, max_items, seed, std::move(users));
}

}  // namespace freshet::online
