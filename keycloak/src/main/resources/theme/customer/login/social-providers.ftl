<#macro show social>
<section class="apart" aria-labelledby="social-label">
    <p class="hint" id="social-label">${msg("identity-provider-login-label")}</p>
    <ul id="kc-social-providers" class="${properties.kcFormSocialAccountListClass!}">
        <#list social.providers as p>
        <li><a id="social-${p.alias}" class="${properties.kcFormSocialAccountListButtonClass!}" href="${p.loginUrl}">${p.displayName!p.alias}</a></li>
        </#list>
    </ul>
</section>
</#macro>
