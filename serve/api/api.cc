#include "serve/api/api.h"

#include "serve/api/v1/endpoints.h"
#include "serve/recommend/recommender.h"
#include "serve/routing/router.h"

namespace freshet::serve {

struct Api::Impl {
  Impl(const Options& the_options, const Services& the_services)
      : options(the_options),
        services(the_services),
        recommender(services),
        access(options.keys_file, services.metrics),
        audit(options.audit),
        router(access, audit, services.metrics) {
    const EndpointContext context{options, services, recommender};
    add_event_endpoints(router, context);
    add_recommendation_endpoints(router, context);
    add_item_endpoints(router, context);
    add_owner_endpoints(router, context);
    add_user_endpoints(router, context);
    add_operation_endpoints(router, context);
  }

  const Options options;
  const Services services;
  Recommender recommender;
  AccessControl access;
  AuditLog audit;
  Router router;
};

Api::Api(const Options& options, const Services& services) : impl_(std::make_unique<Impl>(options, services)) {}
Api::~Api() = default;

void Api::handle(const ApiRequest& request, Respond respond) const {
  impl_->router.handle(request, std::move(respond));
}

bool Api::wants_body(const ApiRequest& request) const { return impl_->router.wants_body(request); }

Result<void> Api::reload_keys() { return impl_->access.reload(); }
Result<void> Api::reopen_audit() { return impl_->audit.reopen(); }

std::vector<Api::Endpoint> Api::endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const Route* route : impl_->router.routes()) {
    endpoints.push_back(
        {route->method, route->path, route->query, std::string(route->scope ? to_string(*route->scope) : "")});
  }
  return endpoints;
}

}  // namespace freshet::serve
