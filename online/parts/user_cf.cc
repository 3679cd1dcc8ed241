// SPDX-License-Identifier: Apache-2.0
#include "online/parts/user_cf.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "online/containers/item_table.h"
#include "online/kernels/kernels.h"
#include "online/part/top_k.h"
#include "online/part/user_neighbors.h"
#include "online/parts/active_users.h"
#include "online/parts/hours.h"
#include "online/parts/matrix_factorization.h"
#include "online/vectors/embedding_ranking.h"
#include "online/vectors/embedding_table.h"

namespace freshet::online {
namespace {

using Slot = UserSlots::Slot;

constexpr float kSharpness = 8;  // exponent of the similarity: how much more the most similar neighbors count

// Divides `vector` by its length. False for a zero vector.
bool normalize(std::vector<float>& vector) {
  const float length = std::sqrt(squared(vector));
  if (!(length > 0)) return false;
  for (float& value : vector) value /= length;
  return true;
}

// Live data that the learner changes and every published scorer reads.
struct Shared {
  const UserCfOptions options;
  ActiveUsers active;
  const std::shared_ptr<const UserVectors> vectors;
};

struct Neighbor {
  Slot slot = UserSlots::kNone;
  OwnerKey key = kNobody;
  float similarity = 0;
};

// The neighbors of one user, and the buffers of the search for them.
struct Neighbors {
  std::vector<Neighbor> nearest;   // most similar first
  std::vector<float> vector;       // the user's, of unit length
  std::vector<Candidate> scanned;  // slots stand for items
  std::vector<float> other;
};

class UserCfScorer final : public Scorer, public UserNeighbors {
 public:
  /// `rows`: unit vectors by slot.
  UserCfScorer(std::shared_ptr<const EmbeddingView> rows, std::shared_ptr<const Shared> shared)
      : rows_(std::move(rows)), shared_(std::move(shared)) {}

  std::string_view name() const override { return kUserCf.name; }

  std::span<const std::string_view> features() const override {
    static constexpr std::array<std::string_view, 4> kNames{"own", "log_own", "share", "log_neighbours"};
    return kNames;
  }

  void ask(const Context& context, std::unique_ptr<Query>& query) const override;

  bool similar_users(OwnerKey user_key, std::size_t k, std::vector<SimilarUser>& out) const override {
    Neighbors neighbors;
    if (!shared_->vectors->copy(user_key, neighbors.vector)) return false;
    if (!normalize(neighbors.vector)) return true;
    const std::size_t before = out.size();
    for (std::size_t asked = 2 * k;; asked *= 4) {  // users without an id are left out
      out.resize(before);
      find(user_key, asked, neighbors);
      for (const Neighbor& neighbor : neighbors.nearest) {
        if (out.size() - before == k) break;
        shared_->active.read(neighbor.slot, [&](OwnerKey key, const ActiveUsers::User& user) {
          if (key == neighbor.key && !user.id.empty()) out.push_back({user.id, neighbor.similarity});
        });
      }
      if (out.size() - before == k || asked >= rows_->rows) return true;
    }
  }

 private:
  friend class Votes;

  /// Fills neighbors.nearest with the users most similar to neighbors.vector by their live vectors; similarities are
  /// above 0. `key`: the user, who is not their own neighbor.
  void find(OwnerKey key, std::size_t count, Neighbors& neighbors) const {
    auto& [nearest, vector, scanned, other] = neighbors;
    nearest.clear();
    scanned.clear();
    nearest_items(*rows_, vector, count, shared_->active.slot_of(key), nullptr, scanned);
    for (const Candidate& candidate : scanned) {
      Neighbor neighbor{.slot = candidate.item};
      shared_->active.read(neighbor.slot, [&](OwnerKey user, const auto&) { neighbor.key = user; });
      if (neighbor.key == key || !shared_->vectors->copy(neighbor.key, other) || !normalize(other)) continue;
      neighbor.similarity = dot(vector.data(), other.data(), vector.size());
      if (neighbor.similarity > 0) nearest.push_back(neighbor);
    }
    std::ranges::sort(nearest, [](const Neighbor& a, const Neighbor& b) {
      return a.similarity != b.similarity ? a.similarity > b.similarity : a.slot < b.slot;
    });
  }

  const std::shared_ptr<const EmbeddingView> rows_;
  const std::shared_ptr<const Shared> shared_;
};

// The votes of a user's neighbors.
class Votes final : public Query {
 public:
  void ask(const UserCfScorer& scorer, const Context& context) {
    last_item_ = context.last_item();
    votes_.clear();
    place_of_.clear();
    total_ = 0;
    const Shared& shared = *scorer.shared_;
    const OwnerKey key = who(context);
    if (!shared.vectors->copy(key, neighbors_.vector) || !normalize(neighbors_.vector)) return;
    scorer.find(key, shared.options.neighbors, neighbors_);
    for (const Neighbor& neighbor : neighbors_.nearest) {
      shared.active.read(neighbor.slot, [&](OwnerKey user_key, const ActiveUsers::User& user) {
        if (user_key != neighbor.key) return;  // the slot went to another user meanwhile
        for (const Visit& visit : user.visits) add(visit, neighbor.similarity, context.now);
      });
    }
  }

  void propose(std::size_t k, const AllowedItems* allowed, std::vector<Candidate>& out) override {
    candidates_.clear();
    for (const Vote& vote : votes_) {
      if (vote.item != last_item_) candidates_.push_back({vote.item, vote.sum});
    }
    keep_allowed(allowed, candidates_);
    keep_best(candidates_, k);
    out.insert(out.end(), candidates_.begin(), candidates_.end());
  }

  void write_features(std::span<const ItemIndex> items, FeatureColumns out) override {
    for (std::size_t row = 0; row < items.size(); ++row) {
      const std::uint32_t at = place_of_.find(items[row]);
      const Vote vote = at == ItemTable::kAbsent ? Vote{} : votes_[at];
      out.at(row, kOwn) = vote.sum;
      out.at(row, kLogOwn) = std::log2(1.0F + 8.0F * vote.sum);
      out.at(row, kShare) = vote.sum / (total_ + 0.1F);
      out.at(row, kLogNeighbors) = std::log2(1.0F + vote.neighbors);
    }
  }

 private:
  enum Feature : std::size_t { kOwn, kLogOwn, kShare, kLogNeighbors };
  struct Vote {
    ItemIndex item = kNoItem;
    float sum = 0;
    float neighbors = 0;
  };

  void add(const Visit& visit, float similarity, Timestamp now) {
    const auto fresh = static_cast<std::uint32_t>(votes_.size());
    const std::uint32_t at = place_of_.find_or_insert(visit.item, fresh);
    if (at == fresh) votes_.push_back({.item = visit.item});
    const float vote = std::pow(similarity, kSharpness) / (1.0F + log_hours(now - visit.time));
    votes_[at].sum += vote;
    votes_[at].neighbors += 1;
    total_ += vote;
  }

  ItemIndex last_item_ = kNoItem;
  std::vector<Vote> votes_;
  ItemTable place_of_;  // item -> index into votes_
  float total_ = 0;

  // buffers
  Neighbors neighbors_;
  std::vector<Candidate> candidates_;
};

void UserCfScorer::ask(const Context& context, std::unique_ptr<Query>& query) const {
  reuse<Votes>(query).ask(*this, context);
}

class UserCf final : public Part {
 public:
  UserCf(const UserCfOptions& options, std::size_t max_items, std::shared_ptr<const UserVectors> users)
      : shared_(new Shared{.options = options,
                           .active{options.max_users, options.max_items_per_user, max_items},
                           .vectors = std::move(users)}),
        rows_(shared_->vectors->dimension(), options.max_users, options.max_users, 1),
        live_(rows_.shared_live(), shared_) {}

  const Scorer& live() const override { return live_; }

  std::shared_ptr<const Scorer> publish() override {
    return std::make_shared<const UserCfScorer>(rows_.publish(), shared_);
  }

  void observe(const Context&, const Interaction& event) override {
    if (!shared_->vectors->copy(who(event), vector_)) return;
    const Slot slot = shared_->active.observe(event);
    bool is_new = false;
    const std::uint32_t row = rows_.observe(slot, is_new);
    normalize(vector_);
    rows_.write(row, vector_, 0);
  }

  void forget_item(ItemIndex item) override { shared_->active.forget_item(item); }

  void erase(OwnerKey key) override {
    const Slot slot = shared_->active.erase(key);
    // The row stays with the slot: forgetting it would leave a hole that is never filled.
    if (slot != UserSlots::kNone) rows_.write(rows_.row_of(slot), std::vector<float>(rows_.live().dimension), 0);
  }

  void save(ByteWriter& out) const override {
    out.varint(rows_.live().dimension);
    out.varint(shared_->options.max_users);
    shared_->active.save(out);
    rows_.save(out);
  }

  Result<void> load(ByteReader& in) override {
    if (in.varint() != rows_.live().dimension || in.varint() != shared_->options.max_users) {
      return Error{Errc::invalid, "user_cf: made with another dimension or number of users"};
    }
    if (!shared_->active.load(in) || !rows_.load(in)) return not_a_saved_state(kUserCf.name);
    for (Slot slot = 0; slot < shared_->active.size(); ++slot) {
      if (rows_.row_of(slot) == kNoRow) return not_a_saved_state(kUserCf.name);
    }
    return {};
  }

  std::size_t memory_bytes() const override { return shared_->active.memory_bytes() + rows_.memory_bytes(); }

 private:
  const std::shared_ptr<Shared> shared_;
  EmbeddingTable rows_;  // unit vectors; slots stand for items
  UserCfScorer live_;
  std::vector<float> vector_;  // buffer of observe()
};

}  // namespace

std::unique_ptr<Part> make_user_cf(const UserCfOptions& options, std::size_t max_items,
                                   std::shared_ptr<const UserVectors> users) {
  return std::make_unique<UserCf>(options, max_items, std::move(users));
}

std::vector<Option<UserCfOptions>> UserCfOptions::describe() {
  return {
      option::integer("max_users", &UserCfOptions::max_users, {1, 100 * option::kMillion},
                      "Number of most recently active users among whom neighbors are found."),
      option::integer("neighbors", &UserCfOptions::neighbors, {1, 10'000},
                      "Number of most similar users who vote on a list.")
          .formerly("neighbours"),
      option::integer("max_items_per_user", &UserCfOptions::max_items_per_user, {1, 1000},
                      "Number of a neighbor's newest items that get its vote."),
  };
}

constinit const PartKind kUserCf{
    .name = "user_cf",
    .about = "what users like this one came for lately, by cosine of those vectors; `/v1/users/{user}/similar`",
    .builds_on = "matrix_factorization",
    .describe = describe_part<UserCfOptions>,
    .judge =
        [](const Options& options) {
          OptionProblems problems;
          if (options.part<UserCfOptions>().max_users > options.part<MatrixFactorizationOptions>().max_users) {
            problems.push_back({"user_cf.max_users", "must not exceed online.matrix_factorization.max_users"});
          }
          return problems;
        },
    .make =
        [](PartContext& context) {
          FRESHET_CHECK(context.users != nullptr);
          return make_user_cf(context.options.part<UserCfOptions>(), context.options.max_items, context.users);
        },
};

}  // namespace freshet::online
