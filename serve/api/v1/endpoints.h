#pragma once

#include "serve/options.h"
#include "serve/recommend/recommender.h"
#include "serve/routing/router.h"
#include "serve/services.h"

namespace freshet::serve {

/// What every endpoint may use.
struct EndpointContext {
  const Options& options;
  const Services& services;
  const Recommender& recommender;

  /// Who is meant by an id that a client gives, as histories and learner know them.
  Owner owner(Owner::Kind kind, const std::string& id) const { return services.pseudonyms.of(Owner{kind, id}); }
};

void add_event_endpoints(Router& router, const EndpointContext& context);
void add_recommendation_endpoints(Router& router, const EndpointContext& context);
void add_item_endpoints(Router& router, const EndpointContext& context);
void add_owner_endpoints(Router& router, const EndpointContext& context);
void add_user_endpoints(Router& router, const EndpointContext& context);
void add_operation_endpoints(Router& router, const EndpointContext& context);

}  // namespace freshet::serve
