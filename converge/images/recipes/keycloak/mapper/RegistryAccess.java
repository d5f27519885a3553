package dev.thinkube;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.keycloak.models.AuthenticatedClientSessionModel;
import org.keycloak.models.KeycloakSession;
import org.keycloak.models.ProtocolMapperModel;
import org.keycloak.models.UserModel;
import org.keycloak.models.UserSessionModel;
import org.keycloak.models.utils.KeycloakModelUtils;
import org.keycloak.protocol.docker.DockerAuthV2Protocol;
import org.keycloak.protocol.docker.mapper.DockerAuthV2AttributeMapper;
import org.keycloak.protocol.docker.mapper.DockerAuthV2ProtocolMapper;
import org.keycloak.provider.ProviderConfigProperty;
import org.keycloak.representations.docker.DockerAccess;
import org.keycloak.representations.docker.DockerResponseToken;

/**
 * Grants in a registry what the attribute {@code registry} of the person and of the person's groups says, and what everybody may.
 *
 * <p>A right is a pattern of repositories and actions: {@code thinkube/*:pull,push}, {@code *:pull}, {@code *:*}. The star in a pattern
 * stands for the rest of the name, as an action for every action. Who may pull everything may list what there is. What is asked for and
 * not granted is left out of the token, as the token protocol wants it: the registry then refuses. Keycloak's own mapper grants
 * whatever is asked for.
 */
public final class RegistryAccess extends DockerAuthV2ProtocolMapper implements DockerAuthV2AttributeMapper {
    private static final String ATTRIBUTE = "registry";
    private static final String EVERYBODY = "everybody";
    private static final Set<String> ACTIONS = Set.of("pull", "push", "delete");

    @Override
    public String getId() {
        return "thinkube-registry-access";
    }

    @Override
    public String getDisplayType() {
        return "Registry access by attribute";
    }

    @Override
    public String getHelpText() {
        return "Grants what the attribute 'registry' of users and their groups says, such as 'thinkube/*:pull,push'.";
    }

    @Override
    public List<ProviderConfigProperty> getConfigProperties() {
        return List.of(new ProviderConfigProperty(
            EVERYBODY, "Everybody may", "Rights of every user of the realm, such as '*:pull'.", ProviderConfigProperty.STRING_TYPE, ""));
    }

    @Override
    public boolean appliesTo(DockerResponseToken token) {
        return true;
    }

    @Override
    public DockerResponseToken transformDockerResponseToken(
            DockerResponseToken token,
            ProtocolMapperModel mapper,
            KeycloakSession session,
            UserSessionModel userSession,
            AuthenticatedClientSessionModel clientSession) {
        token.getAccessItems().clear();
        String scope = clientSession.getNote(DockerAuthV2Protocol.SCOPE_PARAM);
        if (scope != null && !scope.isBlank()) {
            List<String> rights = rights(mapper, userSession.getUser());
            for (String asked : scope.trim().split("\\s+")) {
                grant(asked, rights, token.getAccessItems());
            }
        }
        return token;
    }

    private static List<String> rights(ProtocolMapperModel mapper, UserModel user) {
        Collection<String> own = KeycloakModelUtils.resolveAttribute(user, ATTRIBUTE, true);
        String everybody = mapper.getConfig().getOrDefault(EVERYBODY, "");
        return Stream.concat(own.stream(), Stream.of(everybody)).map(String::trim).filter(right -> right.indexOf(':') > 0).toList();
    }

    /** What is asked for is {@code type:name:actions}; a name may hold colons only as {@code host:port}, which this registry's have not. */
    private static void grant(String asked, List<String> rights, List<DockerAccess> granted) {
        String[] parts = asked.split(":");
        if (parts.length != 3) {
            return;
        }
        Set<String> allowed = parts[0].equals("repository") ? allowed(parts[1], rights) : Set.of();
        if (parts[0].equals("registry") && parts[1].equals("catalog") && rights.stream().anyMatch(RegistryAccess::pullsEverything)) {
            allowed = Set.of("*");
        }
        List<String> actions = new ArrayList<>();
        for (String action : parts[2].split(",")) {
            if (allowed.contains(action)) {
                actions.add(action);
            }
        }
        if (!actions.isEmpty()) {
            granted.add(new DockerAccess().setType(parts[0]).setName(parts[1]).setActions(actions));
        }
    }

    private static Set<String> allowed(String repository, List<String> rights) {
        Set<String> actions = new TreeSet<>();
        for (String right : rights) {
            int colon = right.indexOf(':');
            if (matches(right.substring(0, colon), repository)) {
                for (String action : right.substring(colon + 1).split(",")) {
                    actions.addAll(action.equals("*") ? ACTIONS : Set.of(action));
                }
            }
        }
        return actions;
    }

    private static boolean matches(String pattern, String repository) {
        return pattern.endsWith("*")
            ? repository.startsWith(pattern.substring(0, pattern.length() - 1))
            : repository.equals(pattern);
    }

    private static boolean pullsEverything(String right) {
        return right.startsWith("*:") && allowed("", List.of(right)).contains("pull");
    }
}
