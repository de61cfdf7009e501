//! The variables that programs of other people do not get from us.
//!
//! A formula, an install script of a package and an executable component run code that others have
//! written. They inherit our environment, but not the variables in [`SECRETS`]: those hold a secret,
//! name a file that holds one, or lead to a service that hands one out. The list is closed: a name
//! that is not in it is passed on. `docs/environment.md` has the same list, for users.

use std::process::Command;

/// All of them, in the groups of `docs/environment.md`.
pub const SECRETS: [&str; 149] = [
    // Amazon
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "S5CMD_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CREDENTIAL_FILE",
    "AWS_CONFIG_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    // Other clouds and platforms
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ARM_ACCESS_KEY",
    "ARM_CLIENT_SECRET",
    "ARM_OIDC_REQUEST_TOKEN",
    "ARM_OIDC_REQUEST_URL",
    "ARM_OIDC_TOKEN",
    "ARM_SAS_TOKEN",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_PASSWORD",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "CF_PASSWORD",
    "CLOUDFLARE_API_KEY",
    "CLOUDFLARE_API_TOKEN",
    "CLOUDSDK_AUTH_ACCESS_TOKEN",
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE",
    "CONSUL_HTTP_TOKEN",
    "DIGITALOCEAN_ACCESS_TOKEN",
    "DIGITALOCEAN_TOKEN",
    "DOPPLER_TOKEN",
    "FLY_ACCESS_TOKEN",
    "FLY_API_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_GHA_CREDS_PATH",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "HCLOUD_TOKEN",
    "HEROKU_API_KEY",
    "IBMCLOUD_API_KEY",
    "KUBECONFIG",
    "LINODE_TOKEN",
    "NETLIFY_AUTH_TOKEN",
    "NOMAD_TOKEN",
    "OP_SERVICE_ACCOUNT_TOKEN",
    "OS_APPLICATION_CREDENTIAL_SECRET",
    "OS_PASSWORD",
    "OS_TOKEN",
    "PULUMI_ACCESS_TOKEN",
    "RCLONE_CONFIG",
    "RCLONE_CONFIG_PASS",
    "SCW_SECRET_KEY",
    "SPACES_ACCESS_KEY_ID",
    "SPACES_SECRET_ACCESS_KEY",
    "TFE_TOKEN",
    "VAULT_TOKEN",
    "VERCEL_TOKEN",
    // Code hosts and the services that run builds
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_RUNTIME_TOKEN",
    "AZURE_DEVOPS_EXT_PAT",
    "BITBUCKET_STEP_OIDC_TOKEN",
    "BUILDKITE_AGENT_ACCESS_TOKEN",
    "BUILDKITE_AGENT_TOKEN",
    "BUILDKITE_API_TOKEN",
    "CI_BUILD_TOKEN",
    "CI_DEPENDENCY_PROXY_PASSWORD",
    "CI_DEPLOY_PASSWORD",
    "CI_JOB_JWT",
    "CI_JOB_JWT_V1",
    "CI_JOB_JWT_V2",
    "CI_JOB_TOKEN",
    "CI_REGISTRY_PASSWORD",
    "CI_REPOSITORY_URL",
    "CIRCLE_OIDC_TOKEN",
    "CIRCLE_OIDC_TOKEN_V2",
    "CIRCLE_TOKEN",
    "CODECOV_TOKEN",
    "DRONE_NETRC_PASSWORD",
    "DRONE_TOKEN",
    "FORGEJO_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "GH_TOKEN",
    "GITEA_TOKEN",
    "GITHUB_API_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITHUB_PAT",
    "GITHUB_TOKEN",
    "GITLAB_PRIVATE_TOKEN",
    "GITLAB_TOKEN",
    "HOMEBREW_GITHUB_API_TOKEN",
    "SEMAPHORE_OIDC_TOKEN",
    "SENTRY_AUTH_TOKEN",
    "SNYK_TOKEN",
    "SONAR_TOKEN",
    "SYSTEM_ACCESSTOKEN",
    "TEAMCITY_BUILD_PROPERTIES_FILE",
    "TRAVIS_API_TOKEN",
    // Registries of packages and images
    "CARGO_REGISTRIES_CRATES_IO_TOKEN",
    "CARGO_REGISTRY_TOKEN",
    "COMPOSER_AUTH",
    "DOCKER_AUTH_CONFIG",
    "DOCKER_CONFIG",
    "DOCKER_PASSWORD",
    "DOCKERHUB_TOKEN",
    "FLIT_PASSWORD",
    "GEM_HOST_API_KEY",
    "HATCH_INDEX_AUTH",
    "JF_ACCESS_TOKEN",
    "NODE_AUTH_TOKEN",
    "NPM_CONFIG__AUTH",
    "npm_config__auth",
    "NPM_CONFIG__AUTHTOKEN",
    "npm_config__authToken",
    "NPM_AUTH_TOKEN",
    "NPM_TOKEN",
    "NUGET_API_KEY",
    "POETRY_PYPI_TOKEN_PYPI",
    "PYPI_API_TOKEN",
    "PYPI_TOKEN",
    "REGISTRY_AUTH_FILE",
    "RUBYGEMS_API_KEY",
    "TWINE_PASSWORD",
    "UV_PUBLISH_PASSWORD",
    "UV_PUBLISH_TOKEN",
    "YARN_NPM_AUTH_TOKEN",
    // Keys for signing and for other machines
    "COSIGN_PASSWORD",
    "COSIGN_PRIVATE_KEY",
    "GPG_PASSPHRASE",
    "MAVEN_GPG_PASSPHRASE",
    "SIGSTORE_ID_TOKEN",
    "SOPS_AGE_KEY",
    "SOPS_AGE_KEY_FILE",
    "SSH_AUTH_SOCK",
];

/// Whether a variable is in [`SECRETS`].
#[must_use]
pub fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// Removes all of [`SECRETS`] from what a program inherits.
pub fn hide_secrets(command: &mut Command) {
    for name in SECRETS {
        command.env_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The section of `docs/environment.md` that has the list.
    const HEADING: &str = "\n### What programs of others do not get\n";

    #[test]
    fn the_documentation_has_the_same_list() {
        let page = include_str!("../../../docs/environment.md");
        let (_, section) = page.split_once(HEADING).expect("the section");
        let section = section.split("\n#").next().unwrap();
        let rows = section.lines().filter(|line| line.starts_with("| "));
        let cells = rows.filter_map(|row| row.trim_matches('|').rsplit('|').next());
        let words = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        let documented: Vec<&str> = words.collect();
        assert_eq!(
            documented.iter().collect::<BTreeSet<_>>(),
            SECRETS.iter().collect::<BTreeSet<_>>()
        );
        assert_eq!(documented.len(), SECRETS.len(), "a name stands there twice");
    }

    #[test]
    fn a_name_stands_in_the_list_once() {
        assert_eq!(SECRETS.iter().collect::<BTreeSet<_>>().len(), SECRETS.len());
    }

    #[test]
    fn only_these_names_are_secret() {
        assert!(is_secret("GITHUB_TOKEN"));
        for name in ["github_token", "GITHUB_TOKEN_", "AWS_EC2_METADATA_DISABLED", "VCAP_SERVICES"]
        {
            assert!(!is_secret(name), "{name}");
        }
    }
}
